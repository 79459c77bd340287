"""The images of a split of a dataset version, and the evaluation's input manifest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from include.config.sections.evaluation import Evaluation
from include.contracts.dataset import ManifestRow
from include.sagemaker_requests import manifest
from include.storage.layout import Layout
from include.storage.records import RecordError, write_record


@dataclass(frozen=True)
class LabelledImage:
    """An image of a dataset version.

    Attributes:
        key: Its key below the folder of images.
        size: Its size in bytes.
        label: The number of its class.
    """

    key: str
    size: int
    label: int


def manifest_rows(s3: Any, layout: Layout, version: str) -> Iterator[ManifestRow]:
    """Yield the rows of a dataset version's manifest, one for each image.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        version: The dataset version.

    Raises:
        RecordError: The version's manifest is missing.
    """
    key = layout.dataset_manifest(version)
    try:
        lines = s3.get_object(Bucket=layout.bucket, Key=key)["Body"].iter_lines()
    except s3.exceptions.NoSuchKey as error:
        raise RecordError(f"{layout.uri(key)} is missing: dataset refresh writes it") from error
    yield from (json.loads(line) for line in lines if line)


def split_images(s3: Any, layout: Layout, version: str, split: str) -> list[LabelledImage]:
    """Return a split's images, sorted by key; images with the same content occur once.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        version: The dataset version.
        split: "train", "validation" or "test".

    Raises:
        RecordError: The version's manifest is missing.
    """
    images = {
        row["key"]: LabelledImage(row["key"], int(row["size"]), int(row["label"]))
        for row in manifest_rows(s3, layout, version)
        if row["split"] == split
    }
    return [images[key] for key in sorted(images)]


def check_evaluation(s3: Any, layout: Layout, version: str, evaluation: Evaluation) -> None:
    """Check before a training that its candidate can be evaluated on the dataset version.

    A candidate that cannot be evaluated is not registered, so that every nightly run would pay for
    the same training again.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        version: The dataset version.
        evaluation: The pipeline's section `evaluation`: the split and the request size.

    Raises:
        RecordError: The split has no images, or an image that is too large for a request.
    """
    images = _need_images(s3, layout, version, evaluation.split)
    transform = evaluation.transform
    larger = [image for image in images if image.size > transform.max_payload_bytes]
    if larger:
        raise RecordError(
            f"{len(larger)} of the {evaluation.split} images of dataset {version} are larger than "
            f"evaluation.transform.max_payload_mb ({transform.max_payload_mb}), for example "
            f"{larger[0].key} with {larger[0].size} bytes: raise the limit, or make the images "
            "smaller in the source"
        )


def write_evaluation_manifest(
    s3: Any, layout: Layout, training_job: str, version: str, split: str
) -> int:
    """Write the manifest of the photos to evaluate a candidate on, and return their number.

    Raises:
        RecordError: The split has no images.
    """
    images = _need_images(s3, layout, version, split)
    listing = manifest(layout.uri(layout.images), [image.key for image in images])
    write_record(s3, layout.bucket, layout.evaluation_manifest(training_job), listing)
    return len(images)


def _need_images(s3: Any, layout: Layout, version: str, split: str) -> list[LabelledImage]:
    images = split_images(s3, layout, version, split)
    if not images:
        raise RecordError(
            f"dataset {version} has no {split} images: add photos to its source, or choose "
            "another evaluation.split"
        )
    return images
