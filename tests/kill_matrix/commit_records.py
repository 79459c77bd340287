"""Commit records: the objects in S3 that the last task of a run writes to publish its result."""

from __future__ import annotations

from typing import Any

from include.storage.layout import Layout

NAMES = {
    "dataset_refresh": "dataset/current.json",
    "im2rec_conversion": "recordio/current.json",
    "endpoint_update": "release.json",
    "batch_inference": "batch.json",
}
"""The end of the key of each family's commit record; other families have none."""


def commit_records(s3: Any, layout: Layout, family: str) -> dict[str, str]:
    """Return the ETags of a family's commit records by key.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        family: The DAG family.
    """
    folders = {
        "dataset_refresh": layout.dataset_pointer,
        "im2rec_conversion": layout.recordio_pointer,
        "endpoint_update": layout.releases,
        "batch_inference": layout.batches,
    }
    if family not in folders:
        return {}
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=layout.bucket, Prefix=folders[family]
    )
    objects = (entry for page in pages for entry in page.get("Contents", []))
    return {
        entry["Key"]: entry["ETag"] for entry in objects if entry["Key"].endswith(NAMES[family])
    }
