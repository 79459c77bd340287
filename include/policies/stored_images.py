"""Are all images of a dataset version still in the store?"""

from __future__ import annotations

import json
from typing import Any

from include.pipeline.layout import Layout


def missing_images(s3: Any, layout: Layout, version: str) -> int:
    """Return how many images of a dataset version are not stored, or with another size.

    The manifest is read and the images' folder is listed, a thousand at a time; nothing else.

    Args:
        s3: A boto3 S3 client.
        layout: Where the pipeline's objects are.
        version: The dataset version.
    """
    manifest = f"{layout.dataset(version)}manifest.jsonl"
    lines = s3.get_object(Bucket=layout.bucket, Key=manifest)["Body"].iter_lines()
    wanted = {row["key"]: int(row["size"]) for row in map(json.loads, filter(None, lines))}
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=layout.bucket, Prefix=layout.images)
    for page in pages:
        for entry in page.get("Contents", []):
            key = entry["Key"].removeprefix(layout.images)
            if wanted.get(key) == entry["Size"]:
                del wanted[key]
    return len(wanted)
