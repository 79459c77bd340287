"""Dataset versions that a user names in a form."""

from __future__ import annotations

from typing import Any

from include.common.text import shorten_list
from include.contracts.records import DatasetPointer, DatasetReport
from include.storage.layout import Layout
from include.storage.records import RecordError, read_valid_record

MADE_BY = "dataset refresh"


def need_dataset_version(s3: Any, layout: Layout, version: str) -> DatasetReport:
    """Return the dataset.json of a dataset version that a user named.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        version: The dataset version.

    Raises:
        RecordError: There is no such version; the text has those that there are.
    """
    key = layout.dataset_report(version)
    report = read_valid_record(s3, layout.bucket, key, MADE_BY, DatasetReport)
    if report is None:
        raise RecordError(
            f"dataset version {version!r} of the run's configuration: no such version; there are: "
            f"{_existing(s3, layout)}"
        )
    return report


def _existing(s3: Any, layout: Layout) -> str:
    """Return the names of the versions, the current one first; "none" without any."""
    folder = layout.dataset_versions
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=layout.bucket, Prefix=folder, Delimiter="/"
    )
    names = [
        prefix["Prefix"].removeprefix(folder).rstrip("/")
        for page in pages
        for prefix in page.get("CommonPrefixes", [])
    ]
    pointer = read_valid_record(s3, layout.bucket, layout.dataset_pointer, MADE_BY, DatasetPointer)
    current = [f"{pointer.version} (the current one)"] if pointer else []
    others = [name for name in names if pointer is None or name != pointer.version]
    return shorten_list([*current, *others]) or "none: run dataset refresh first"
