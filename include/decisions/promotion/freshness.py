"""Does a candidate know newer data than the champion? It does if its version was made later.

Another version need not be a newer one: a person may train on an earlier version by its name. Nor
do versions' `previous` tell, as a source that goes back to an earlier state makes that version
anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from include.decisions.registry.packages import Package
from include.storage.layout import Layout
from include.storage.records import RecordError, read_record


@dataclass(frozen=True)
class Freshness:
    """Whether the candidate's data is newer than the champion's, and why that is said."""

    newer: bool
    why: str

    def __str__(self) -> str:
        rule = "with newer data" if self.newer else "as on the same data"
        return f"judged {rule}: {self.why}"


def compare_data(s3: Any, layout: Layout, version: str, champion: Package) -> Freshness:
    """Tell whether a dataset version is newer than the one that the champion was trained on.

    What is not known to be newer counts as the same, for which the rule is the stricter one.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        version: The candidate's dataset version.
        champion: The package that the candidate is compared with.

    Raises:
        RecordError: A version's dataset.json is no JSON, or its `created` is no moment.
    """
    its_version = champion.metadata.get("dataset_version")
    if its_version is None:
        return Freshness(False, "the champion's package names no dataset version")
    if its_version == version:
        return Freshness(False, f"dataset {version} is the champion's, too")
    made, its_made = (_created(s3, layout, each) for each in (version, its_version))
    if made is None or its_made is None:
        unknown = version if made is None else its_version
        return Freshness(False, f"dataset.json of dataset {unknown} is gone, which says its age")
    relation = "newer" if made > its_made else "no newer"
    return Freshness(
        made > its_made,
        f"dataset {version} of {made:%Y-%m-%d %H:%M:%S} is {relation} than the champion's "
        f"{its_version} of {its_made:%Y-%m-%d %H:%M:%S}",
    )


def _created(s3: Any, layout: Layout, version: str) -> datetime | None:
    """Return when a dataset version was made, or None where its own record is gone."""
    key = f"{layout.dataset(version)}dataset.json"
    record = read_record(s3, layout.bucket, key)
    if record is None:
        return None
    try:
        return datetime.fromisoformat(record["created"]).astimezone(UTC)
    except (KeyError, TypeError, ValueError) as error:
        raise RecordError(
            f"s3://{layout.bucket}/{key} does not say when it was created: {error!r}"
        ) from error
