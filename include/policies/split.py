"""The images of one split of a dataset version."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from include.pipeline.layout import Layout
from include.pipeline.requests import manifest
from include.policies.records import RecordError, write_record


@dataclass(frozen=True)
class LabelledImage:
    """One image of a dataset version: its key below the images' folder, bytes and class."""

    key: str
    size: int
    label: int


def split_images(s3: Any, layout: Layout, version: str, split: str) -> list[LabelledImage]:
    """Return a split's images, by key; each content once.

    Args:
        s3: A boto3 S3 client.
        layout: Where the pipeline's objects are.
        version: The dataset version.
        split: train, validation or test.
    """
    key = f"{layout.dataset(version)}manifest.jsonl"
    lines = s3.get_object(Bucket=layout.bucket, Key=key)["Body"].iter_lines()
    rows = (json.loads(line) for line in lines if line)
    images = {
        row["key"]: LabelledImage(row["key"], int(row["size"]), int(row["label"]))
        for row in rows
        if row["split"] == split
    }
    return [images[key] for key in sorted(images)]


def write_evaluation_manifest(
    s3: Any, layout: Layout, training_job: str, version: str, split: str
) -> int:
    """Write down which photos a candidate is to answer, and return how many.

    Raises:
        RecordError: The split has no images.
    """
    images = split_images(s3, layout, version, split)
    if not images:
        raise RecordError(
            f"dataset {version} has no {split} images: add photos to its source, or choose "
            "another evaluation.split"
        )
    listing = manifest(layout.uri(layout.images), [image.key for image in images])
    write_record(s3, layout.bucket, layout.evaluation_manifest(training_job), listing)
    return len(images)
