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


class LabelsReport(Record):
    """What the labels of users did in a refresh.

    `files` and `lines` were read; `ledger_rows` are the rows of the label ledger that the refresh
    wrote. `outcomes` counts photos and bad lines by what became of them, and `new` those of them
    that differ from the previous version.
    """

    files: int = 0
    lines: int = 0
    ledger_rows: int = 0
    outcomes: dict[str, int] = Field(default_factory=dict)
    new: dict[str, int] = Field(default_factory=dict)


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
    labels: LabelsReport | None = None
    seconds: float | None = None


class DatasetPointer(DatasetReport):
    """dataset/current.json: the current dataset version, and the refresh that made it.

    `fingerprint` is the hash of the state of source and labels, and of the settings;
    `labels_fingerprint` that of the files in labels/, or "" if there were none.
    `changed_while_read` is whether source or labels changed during the refresh, and `job` the
    refresh job.
    """

    fingerprint: str = ""
    labels_fingerprint: str = ""
    changed_while_read: bool = False
    job: str | None = None


class SourceSeen(Record):
    """source_seen.json: a state of the source, and since when (ISO 8601) it has been seen."""

    uri: str = ""
    state: str
    since: str
