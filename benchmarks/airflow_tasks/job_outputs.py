"""What the jobs of a night write to the bucket, by the stage in the job's name."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.airflow_tasks.bucket import (
    BATCH_IMAGES,
    CLASSES,
    LAYOUT,
    PIPELINE,
    Bucket,
    batch_images,
)
from benchmarks.airflow_tasks.version_files import (
    DATASET,
    TEST_SHARE,
    VALIDATION_SHARE,
    key_of,
    report,
)
from include.common.incoming import ListingHash
from include.contracts import files

BATCH = "20270101T000000-00000000"
RIGHT_SHARES = (0.8, 0.95)
"""The shares of right predictions of the first candidate and of all later ones."""


class JobOutputs:
    """Writes the outputs of jobs when they are created.

    Args:
        bucket: The bucket.
    """

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._evaluations = 0

    def write(self, noun: str, name: str, request: dict[str, Any]) -> None:
        """Write what a new job will have written; jobs of other stages write nothing."""
        stage = name.removeprefix(f"{PIPELINE}-").rpartition("-")[0]
        write: Callable[[str, dict[str, Any]], None] | None = getattr(self, f"_{stage}", None)
        if write:
            write(name, request)

    def _put(self, key: str, content: Any) -> None:
        self._bucket.stored[key] = json.dumps(content).encode()

    def _refresh(self, name: str, request: dict[str, Any]) -> None:
        self._put(LAYOUT.refresh_report(name), report(self._bucket.images))

    def _im2rec(self, name: str, request: dict[str, Any]) -> None:
        version = _output(request, "result").split("/")[-1]
        images = self._bucket.images
        counts = {
            "train": images - images // TEST_SHARE - images // VALIDATION_SHARE,
            "validation": images // VALIDATION_SHARE,
            "classes": CLASSES,
        }
        record = {"version": version, "dataset_version": DATASET, "counts": counts}
        self._put(LAYOUT.recordio_report(version), record)

    def _train(self, name: str, request: dict[str, Any]) -> None:
        self._bucket.stored[f"{LAYOUT.models}{name}/output/model.tar.gz"] = b"a model"

    def _evaluate(self, name: str, request: dict[str, Any]) -> None:
        folder = _output(request, "result").removeprefix(f"s3://{LAYOUT.bucket}/")
        share = RIGHT_SHARES[min(self._evaluations, 1)]
        self._evaluations += 1
        images = self._bucket.images // TEST_SHARE
        scores = [
            {
                "label": label,
                "name": f"class_{label:03}",
                "images": images // CLASSES,
                "top1": share,
            }
            for label in range(CLASSES)
        ]
        evaluation = {
            "dataset_version": DATASET, "split": "test", "images": images, "top1": share,
            "top5": 1.0, "calibration_error": 0.01, "per_class": scores,
        }  # fmt: skip
        self._put(f"{folder}/{files.EVALUATION}", evaluation)
        table = "".join(_answers(images, share)).encode()
        self._bucket.stored[f"{folder}/{files.ANSWERS}"] = table
        self._bucket.stored[f"{folder}/{files.EVALUATION_PAGE}"] = (
            b"<!-- verdict -->" + b" " * 2**20
        )

    def _select(self, name: str, request: dict[str, Any]) -> None:
        """Write the selection of a batch of the largest size, and what its jobs will write."""
        bucket, listing = self._bucket, ListingHash()
        for number in range(bucket.images):
            listing.add(*bucket.image(number))
        selection: dict[str, Any] = {
            "batch": None, "counts": {"listed": bucket.images, "remaining": 0},
            "listing": listing.hexdigest(), "recorded": bucket.batches,
        }  # fmt: skip
        counts = {"listed": bucket.images, "images": BATCH_IMAGES}
        chosen = {**selection, "batch": BATCH, "counts": counts}
        self._put(LAYOUT.last_selection, selection)
        self._put(LAYOUT.selection_report(name), chosen)
        images = dict(batch_images(BATCH_IMAGES))
        self._put(LAYOUT.batch_plan(BATCH), {"batch": BATCH, "images": images})

    def _report(self, name: str, request: dict[str, Any]) -> None:
        self._put(LAYOUT.batch_summary(BATCH), {"images": BATCH_IMAGES, "uncertain": 0})
        self._put(LAYOUT.batch_unreadable(BATCH), {"unreadable": {}})


def _output(request: dict[str, Any], name: str) -> str:
    """Return the S3 URI of a processing job's output."""
    outputs = request["ProcessingOutputConfig"]["Outputs"]
    return next(str(o["S3Output"]["S3Uri"]) for o in outputs if o["OutputName"] == name)


def _answers(images: int, share: float) -> Iterator[str]:
    """Yield the lines of answers.csv for the test split."""
    yield ",".join(files.ANSWERS_COLUMNS) + "\n"
    for image in range(images):
        name = f"class_{image % CLASSES:03}"
        right = image % 100 < 100 * share
        predicted = name if right else f"class_{(image + 1) % CLASSES:03}"
        yield f"{key_of(image * TEST_SHARE)},{name},{predicted},0.9\n"
