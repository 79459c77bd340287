"""Find the split ledger that the next refresh carries on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from include.storage.layout import Layout
from include.storage.records import RecordError


def ledger_job(s3: Any, layout: Layout, current: Mapping[str, Any] | None) -> str | None:
    """Return the refresh job whose split ledger is the current one.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        current: The content of dataset/current.json, or None before the first version.

    Returns:
        The job's name, or None where there is no ledger yet: before the first version, and where
        the current version was made before there were ledgers. The refresh then begins a ledger
        with the current version's manifest.

    Raises:
        RecordError: The job wrote a ledger, and it is not there any more.
    """
    if current is None or "ledger_photos" not in current:
        return None
    job = str(current["job"])
    key = layout.split_ledger_file(job)
    found = s3.list_objects_v2(Bucket=layout.bucket, Prefix=key, MaxKeys=1)
    if not found["KeyCount"]:
        raise RecordError(
            f"the split ledger {layout.uri(key)} is missing, though {layout.dataset_pointer} says "
            f"that job {job} wrote it: restore it; only if that cannot be done, remove "
            "`ledger_photos` from the pointer, and photos that only older versions held are split "
            "anew when they return"
        )
    return job
