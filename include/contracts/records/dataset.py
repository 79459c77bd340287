"""dataset.json: a dataset version, written by the command `refresh`; the pointer to it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from include.contracts.records.base import Record


class SourceReport(Record):
    """The source that a refresh read: its address, state, layout and files.

    `counts` is the account of its files: `found` is the sum of `used` (images and duplicates),
    `quarantined`, `label_files` and `left_alone`. `left_alone` names the last, `notes` says what
    was detected.
    """

    uri: str = ""
    fingerprint: str = ""
    layout: str | None = None
    files: list[str] = Field(default_factory=list)
    left_alone: list[str] = Field(default_factory=list)
    notes: list[str] = Field(default_factory=list)
    counts: dict[str, int] = Field(default_factory=dict)


class DatasetReport(Record):
    """A dataset version, and the refresh that made it or found it unchanged."""

    stage: str = "refresh"
    version: Annotated[str, Field(min_length=1)]
    created: str | None = None
    previous: str | None = None
    unchanged: bool = False
    source: SourceReport | None = None
    settings: dict[str, Any] = Field(default_factory=dict)
    counts: dict[str, int] = Field(default_factory=dict)
    ledger_photos: int | None = None
    seconds: float | None = None


class DatasetPointer(DatasetReport):
    """dataset/current.json: the current dataset version, and the refresh that made it.

    `fingerprint` is the hash of the source's state and settings, `changed_while_read` whether the
    source changed during the refresh, and `job` the refresh job.
    """

    fingerprint: str = ""
    changed_while_read: bool = False
    job: str | None = None


class SourceSeen(Record):
    """source_seen.json: a state of the source, and since when (ISO 8601) it has been seen."""

    uri: str = ""
    state: str
    since: str
