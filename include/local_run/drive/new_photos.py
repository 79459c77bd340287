"""New photos for batch inference: drawn ones, the user's, or some of the test split."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import Any

from include.image_classification.dataset.source.contract import is_photo_name
from include.local_run.drive.clients import Aws
from include.local_run.run_plan.source_files import INCOMING_LABELS
from include.storage.layout import Layout
from include.storage.records import need_record, read_record, write_record

FROM_TEST_SPLIT = 24


def photos_in(folder: Path) -> dict[str, Path]:
    """The photos of a folder and its folders, by relative name."""
    return {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and is_photo_name(path.name) and not path.name.startswith(".")
    }


def labels_beside(incoming: Path) -> dict[str, str]:
    """True classes of the photos in `incoming/`, from the file beside it, if there is one."""
    file = incoming.parent / INCOMING_LABELS
    labels: dict[str, str] = json.loads(file.read_text()) if file.is_file() else {}
    return labels


def tell_truth(aws: Aws, layout: Layout, labels: dict[str, str]) -> None:
    """Adds true classes of incoming photos to those that are known."""
    if not labels:
        return
    key = f"{layout.truth}labels.json"
    known: dict[str, Any] = read_record(aws.s3, layout.bucket, key) or {}
    if known | labels != known:
        write_record(aws.s3, layout.bucket, key, known | labels)


def copy_from_test_split(aws: Aws, layout: Layout, version: str) -> int:
    """Copies the first photos of the frozen test split to `incoming/`, and tells their classes.

    Returns:
        How many were not there yet.
    """
    rows = [row for row in _manifest(aws, layout, version) if row["split"] == "test"]
    classes = _classes(aws, layout, version)
    there, copied, labels = _incoming(aws, layout), 0, {}
    for row in rows[:FROM_TEST_SPLIT]:
        name = str(PurePosixPath(row["path"]).with_suffix(PurePosixPath(row["key"]).suffix))
        labels[name] = classes[row["label"]]
        if layout.incoming + name not in there:
            source = {"Bucket": layout.bucket, "Key": layout.image(row["key"])}
            aws.s3.copy_object(Bucket=layout.bucket, Key=layout.incoming + name, CopySource=source)
            copied += 1
    tell_truth(aws, layout, labels)
    return copied


def has_incoming(aws: Aws, layout: Layout) -> bool:
    """Whether someone has put photos into `incoming/`."""
    return bool(_incoming(aws, layout))


def _manifest(aws: Aws, layout: Layout, version: str) -> list[dict[str, Any]]:
    key = f"{layout.dataset(version)}manifest.jsonl"
    body = aws.s3.get_object(Bucket=layout.bucket, Key=key)["Body"].read()
    return [json.loads(line) for line in body.splitlines() if line]


def _classes(aws: Aws, layout: Layout, version: str) -> list[str]:
    key = f"{layout.dataset(version)}classes.json"
    classes: list[str] = json.loads(aws.s3.get_object(Bucket=layout.bucket, Key=key)["Body"].read())
    return classes


def _incoming(aws: Aws, layout: Layout) -> set[str]:
    pages = aws.s3.get_paginator("list_objects_v2").paginate(
        Bucket=layout.bucket, Prefix=layout.incoming
    )
    return {entry["Key"] for page in pages for entry in page.get("Contents", [])}


def current_version(aws: Aws, layout: Layout) -> str:
    """The current dataset version."""
    pointer = need_record(aws.s3, layout.bucket, layout.dataset_pointer, "dataset refresh")
    return str(pointer["version"])
