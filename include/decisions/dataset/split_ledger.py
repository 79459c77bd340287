"""Find the split ledger that the next refresh extends."""

from __future__ import annotations

from typing import Any

from include.contracts.records import DatasetPointer
from include.storage.layout import Layout
from include.storage.records import RecordError


def ledger_job(s3: Any, layout: Layout, current: DatasetPointer | None) -> str | None:
    """Return the refresh job that wrote the current split ledger.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        current: The content of dataset/current.json, or None before the first version.

    Returns:
        The job's name, or None if there is no ledger: before the first version, and if an earlier
        release without ledgers made the current version. The refresh then creates a ledger from
        the current version's manifest.

    Raises:
        RecordError: The job wrote a ledger, but the ledger is missing.
    """
    if current is None or current.ledger_photos is None:
        return None
    job = str(current.job)
    key = layout.split_ledger_file(job)
    found = s3.list_objects_v2(Bucket=layout.bucket, Prefix=key, MaxKeys=1)
    if not found["KeyCount"]:
        raise RecordError(
            f"the split ledger {layout.uri(key)} is missing, although job {job} wrote it according "
            f"to {layout.dataset_pointer}: restore it. Only if that is impossible, remove "
            "`ledger_photos` from the pointer; photos that only older versions have are then "
            "assigned to a split again when they return"
        )
    return job
