"""New photos in S3 for batch inference: their true classes, and photos of the test split."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import Any

from include.contracts.records import DatasetPointer
from include.local_run.drive.clients import AwsClients
from include.storage.layout import Layout
from include.storage.records import need_valid_record, read_record, write_record

FROM_TEST_SPLIT = 24


def add_true_labels(aws: AwsClients, layout: Layout, labels: dict[str, str]) -> None:
    """Add true classes of incoming photos to the pipeline's `truth/labels.json`."""
    if not labels:
        return
    key = f"{layout.truth}labels.json"
    known: dict[str, Any] = read_record(aws.s3, layout.bucket, key) or {}
    if known | labels != known:
        write_record(aws.s3, layout.bucket, key, known | labels)


def copy_from_test_split(aws: AwsClients, layout: Layout, version: str) -> int:
    """Copy the first photos of the frozen test split to `incoming/`, and add their true classes.

    Returns:
        How many photos were copied, without those that `incoming/` had already.
    """
    rows = [row for row in _manifest(aws, layout, version) if row["split"] == "test"]
    classes = _classes(aws, layout, version)
    existing, copied, labels = _incoming(aws, layout), 0, {}
    for row in rows[:FROM_TEST_SPLIT]:
        name = str(PurePosixPath(row["path"]).with_suffix(PurePosixPath(row["key"]).suffix))
        labels[name] = classes[row["label"]]
        if layout.incoming + name not in existing:
            source = {"Bucket": layout.bucket, "Key": layout.image(row["key"])}
            aws.s3.copy_object(Bucket=layout.bucket, Key=layout.incoming + name, CopySource=source)
            copied += 1
    add_true_labels(aws, layout, labels)
    return copied


def has_incoming(aws: AwsClients, layout: Layout) -> bool:
    """Return whether `incoming/` has objects."""
    return bool(_incoming(aws, layout))


def _manifest(aws: AwsClients, layout: Layout, version: str) -> list[dict[str, Any]]:
    key = f"{layout.dataset(version)}manifest.jsonl"
    body = aws.s3.get_object(Bucket=layout.bucket, Key=key)["Body"].read()
    return [json.loads(line) for line in body.splitlines() if line]


def _classes(aws: AwsClients, layout: Layout, version: str) -> list[str]:
    key = f"{layout.dataset(version)}classes.json"
    classes: list[str] = json.loads(aws.s3.get_object(Bucket=layout.bucket, Key=key)["Body"].read())
    return classes


def _incoming(aws: AwsClients, layout: Layout) -> set[str]:
    pages = aws.s3.get_paginator("list_objects_v2").paginate(
        Bucket=layout.bucket, Prefix=layout.incoming
    )
    return {entry["Key"] for page in pages for entry in page.get("Contents", [])}


def current_version(aws: AwsClients, layout: Layout) -> str:
    """Return the current dataset version."""
    key = layout.dataset_pointer
    return need_valid_record(aws.s3, layout.bucket, key, "dataset refresh", DatasetPointer).version
