"""Check of the stored images of a dataset version, with a bounded amount of work."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from include.common.aws_errors import error_code
from include.decisions.dataset.manifest_rows import manifest_rows
from include.decisions.dataset.samples import read_samples
from include.storage.layout import Layout
from include.storage.records import RecordError

MAX_IMAGES = 10_000
"""The largest version of which all images are looked up."""

MAX_LISTED = 3 * MAX_IMAGES
"""The listing of the folder of images ends here: older versions may have left many images there."""

RANGES = 8
RANGE_BYTES = 8 * 1024
"""A sample is the rows of so many parts of the manifest: about 200 images."""

LOOKUPS = 16
"""Requests to S3 at a time."""

ABSENT = frozenset({"404", "NoSuchKey", "NotFound"})


@dataclass(frozen=True)
class StoredImages:
    """How many of a version's images are missing in S3, or have another size.

    Attributes:
        missing: The number of missing images among those that were looked up.
        checked: How many were looked up.
        images: How many the version has.
    """

    missing: int = 0
    checked: int = 0
    images: int = 0

    @property
    def is_sample(self) -> bool:
        """Whether only some images were looked up."""
        return self.checked < self.images

    def __str__(self) -> str:
        among = f" of {self.checked} that were looked up" if self.is_sample else ""
        return f"{self.missing} images{among}"


def check_stored_images(
    s3: Any, layout: Layout, version: str, chance: random.Random | None = None
) -> StoredImages:
    """Look up the stored images of a dataset version; no image is downloaded.

    All images of a version of up to `MAX_IMAGES` are looked up, by a listing. Of a larger version
    these are about 200, other ones in every run. Then the loss of a share p of the images is found
    with a probability of about 1 - (1 - p)**200: 87 % for one percent.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        version: The dataset version.
        chance: What chooses the sample.

    Raises:
        RecordError: The version's manifest is missing.
    """
    length = _manifest_length(s3, layout, version)
    images = read_samples(s3, layout, version).images
    if images <= MAX_IMAGES:
        sizes = {row["key"]: int(row["size"]) for row in manifest_rows(s3, layout, version)}
        missing = _unlisted(s3, layout, sizes)
        if missing is not None:
            return StoredImages(missing, images, images)
    sample = dict(_sample(s3, layout, version, length, chance or random.Random()))
    with ThreadPoolExecutor(LOOKUPS) as pool:
        stored = pool.map(lambda key: _stored_size(s3, layout, key), sample)
        missing = sum(size != found for size, found in zip(sample.values(), stored, strict=True))
    return StoredImages(missing, len(sample), images)


def _manifest_length(s3: Any, layout: Layout, version: str) -> int:
    manifest = layout.dataset_manifest(version)
    try:
        return int(s3.head_object(Bucket=layout.bucket, Key=manifest)["ContentLength"])
    except s3.exceptions.ClientError as error:
        if error_code(error) not in ABSENT:
            raise
        raise RecordError(
            f"{layout.uri(manifest)} is missing, although {layout.dataset_pointer} names this "
            "version as current: restore the manifest, or change the pointer to a version that "
            "exists"
        ) from error


def _unlisted(s3: Any, layout: Layout, sizes: dict[str, int]) -> int | None:
    """Return how many images the listing lacks; None if the listing is too long to read."""
    missing, listed = dict(sizes), 0
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=layout.bucket, Prefix=layout.images)
    for page in pages:
        entries = page.get("Contents", [])
        listed += len(entries)
        for entry in entries:
            key = entry["Key"].removeprefix(layout.images)
            if missing.get(key) == entry["Size"]:
                del missing[key]
        if listed >= MAX_LISTED and missing:
            return None
    return len(missing)


def _sample(
    s3: Any, layout: Layout, version: str, length: int, chance: random.Random
) -> Iterator[tuple[str, int]]:
    """Yield keys and sizes of images in random parts of the manifest."""
    for _ in range(RANGES):
        first = chance.randrange(max(length - RANGE_BYTES, 0) + 1)
        response = s3.get_object(
            Bucket=layout.bucket,
            Key=layout.dataset_manifest(version),
            Range=f"bytes={first}-{first + RANGE_BYTES - 1}",
        )
        lines = response["Body"].read().split(b"\n")
        # The first line is whole only at the start; the last is empty, or cut off.
        for line in lines[1 if first else 0 : -1]:
            row = json.loads(line)
            yield row["key"], int(row["size"])


def _stored_size(s3: Any, layout: Layout, key: str) -> int | None:
    """Return an image's size in S3, or None if it is missing."""
    try:
        return int(s3.head_object(Bucket=layout.bucket, Key=layout.image(key))["ContentLength"])
    except s3.exceptions.ClientError as error:
        if error_code(error) not in ABSENT:
            raise
        return None
