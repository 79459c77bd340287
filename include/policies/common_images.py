"""Candidate and champion on the same photos, where they were evaluated on different versions.

Later dataset versions keep every earlier image's split, so two test splits share the older one's
images. Both models have answered those: their answers lie beside their evaluations.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from include.pipeline.layout import Layout
from include.policies.registry import Package
from include.policies.split import split_images

THREADS = 16


@dataclass(frozen=True)
class CommonFigures:
    """How right both are on the images that both were asked."""

    images: int
    candidate_top1: float
    champion_top1: float


def compare_on_common_images(
    s3: Any, layout: Layout, split: str, candidate: Mapping[str, str], champion: Package | None
) -> CommonFigures | None:
    """Count both models' right answers on the images that both were asked.

    Args:
        s3: A boto3 S3 client.
        layout: Where the pipeline's objects are.
        split: The split that was evaluated.
        candidate: Its `training_job` and `dataset_version`.
        champion: The package that serves, if any.

    Returns:
        None where there is nothing to mend: no champion, the same dataset version, or no image
        or answer in common.
    """
    if champion is None or not {"training_job", "dataset_version"} <= set(champion.metadata):
        return None
    if champion.metadata["dataset_version"] == candidate["dataset_version"]:
        return None
    mine = _labels(s3, layout, candidate["dataset_version"], split)
    theirs = _labels(s3, layout, champion.metadata["dataset_version"], split)
    common = sorted(mine.keys() & theirs.keys())
    if not common:
        return None
    try:
        return CommonFigures(
            images=len(common),
            candidate_top1=_top1(s3, layout, candidate["training_job"], common, mine),
            champion_top1=_top1(s3, layout, champion.metadata["training_job"], common, theirs),
        )
    except s3.exceptions.NoSuchKey:
        return None


def _labels(s3: Any, layout: Layout, version: str, split: str) -> dict[str, int]:
    """Return each image's class in a version: classes may have moved from one to another."""
    return {image.key: image.label for image in split_images(s3, layout, version, split)}


def _top1(
    s3: Any, layout: Layout, job: str, keys: Sequence[str], labels: Mapping[str, int]
) -> float:
    folder = layout.evaluation_predictions(job)

    def right(key: str) -> bool:
        body = s3.get_object(Bucket=layout.bucket, Key=f"{folder}{key}.out")["Body"].read()
        answer: list[float] = json.loads(body)["prediction"]
        return answer.index(max(answer)) == labels[key]

    with ThreadPoolExecutor(THREADS) as threads:
        return sum(threads.map(right, keys)) / len(keys)
