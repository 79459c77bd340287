"""Check of the stored images of a dataset version."""

from __future__ import annotations

import json
from typing import Any

from include.storage.layout import Layout
from include.storage.records import RecordError


def count_missing_images(s3: Any, layout: Layout, version: str) -> int:
    """Return how many images of a dataset version are missing in S3 or have another size.

    Only the manifest is read, and the folder of images is listed; no image is downloaded.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        version: The dataset version.

    Raises:
        RecordError: The version's manifest is missing.
    """
    missing = _sizes(s3, layout, version)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=layout.bucket, Prefix=layout.images)
    for page in pages:
        for entry in page.get("Contents", []):
            key = entry["Key"].removeprefix(layout.images)
            if missing.get(key) == entry["Size"]:
                del missing[key]
    return len(missing)


def _sizes(s3: Any, layout: Layout, version: str) -> dict[str, int]:
    """Return the sizes of a dataset version's images by key, from its manifest."""
    manifest = layout.dataset_manifest(version)
    try:
        lines = s3.get_object(Bucket=layout.bucket, Key=manifest)["Body"].iter_lines()
    except s3.exceptions.NoSuchKey as error:
        raise RecordError(
            f"{layout.uri(manifest)} is missing, although {layout.dataset_pointer} names this "
            "version as current: restore the manifest, or change the pointer to a version that "
            "exists"
        ) from error
    return {row["key"]: int(row["size"]) for row in map(json.loads, filter(None, lines))}
