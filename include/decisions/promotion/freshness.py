"""Compare the age of the candidate's and the champion's dataset versions.

A version is newer if it was created later. Another version is not necessarily a newer one: a user
may train on an earlier version. The versions' `previous` fields do not give an order, because a
source that returns to an earlier state makes the earlier version again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from include.contracts.records import DatasetReport
from include.decisions.registry.packages import Package
from include.storage.layout import Layout
from include.storage.records import RecordError, read_valid_record


@dataclass(frozen=True)
class Freshness:
    """Whether the candidate was trained on newer data than the champion, and why."""

    newer: bool
    reason: str

    def __str__(self) -> str:
        rule = "with newer data" if self.newer else "as on the same data"
        return f"judged {rule}: {self.reason}"


def compare_data(s3: Any, layout: Layout, version: str, champion: Package) -> Freshness:
    """Return whether a dataset version is newer than the one that the champion was trained on.

    If the age is unknown, the version counts as not newer, for which promotion is stricter.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        version: The candidate's dataset version.
        champion: The champion's package.

    Raises:
        RecordError: A version's dataset.json is invalid, or its `created` is not a timestamp.
    """
    champion_version = champion.metadata.get("dataset_version")
    if champion_version is None:
        return Freshness(False, "the champion's package names no dataset version")
    if champion_version == version:
        return Freshness(False, f"the champion was trained on dataset {version}, too")
    created = _created(s3, layout, version)
    champion_created = _created(s3, layout, champion_version)
    if created is None or champion_created is None:
        unknown = version if created is None else champion_version
        return Freshness(
            False, f"the age of dataset {unknown} is unknown: its dataset.json is missing"
        )
    relation = "newer" if created > champion_created else "no newer"
    return Freshness(
        created > champion_created,
        f"dataset {version} of {created:%Y-%m-%d %H:%M:%S} is {relation} than the champion's "
        f"{champion_version} of {champion_created:%Y-%m-%d %H:%M:%S}",
    )


def _created(s3: Any, layout: Layout, version: str) -> datetime | None:
    """Return when a dataset version was created, or None if its dataset.json is missing."""
    key = layout.dataset_report(version)
    record = read_valid_record(s3, layout.bucket, key, "dataset refresh", DatasetReport)
    if record is None:
        return None
    try:
        return datetime.fromisoformat(record.created or "").astimezone(UTC)
    except ValueError as error:
        raise RecordError(
            f"s3://{layout.bucket}/{key} has no valid `created`: {error!r}"
        ) from error
