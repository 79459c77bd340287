"""Are all images of a dataset version still in the store?"""

from __future__ import annotations

import json
from typing import Any

from include.storage.layout import Layout
from include.storage.records import RecordError


def count_missing_images(s3: Any, layout: Layout, version: str) -> int:
    """Return how many images of a dataset version are not stored, or with another size.

    The manifest is read and the images' folder is listed, a thousand at a time; nothing else.

    Args:
        s3: A boto3 S3 client.
        layout: Where the pipeline's objects are.
        version: The dataset version.

    Raises:
        RecordError: The version's manifest is missing.
    """
    wanted = _sizes(s3, layout, version)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=layout.bucket, Prefix=layout.images)
    for page in pages:
        for entry in page.get("Contents", []):
            key = entry["Key"].removeprefix(layout.images)
            if wanted.get(key) == entry["Size"]:
                del wanted[key]
    return len(wanted)


def _sizes(s3: Any, layout: Layout, version: str) -> dict[str, int]:
    manifest = f"{layout.dataset(version)}manifest.jsonl"
    try:
        lines = s3.get_object(Bucket=layout.bucket, Key=manifest)["Body"].iter_lines()
    except s3.exceptions.NoSuchKey as error:
        raise RecordError(
            f"{layout.uri(manifest)} is missing, though {layout.dataset_pointer} says that this "
            "version is current: restore it, or let the pointer name a version that is there"
        ) from error
    return {row["key"]: int(row["size"]) for row in map(json.loads, filter(None, lines))}
