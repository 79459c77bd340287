"""recordio.json and shards/<host>.json: a RecordIO version, written by the command `im2rec`."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from include.contracts.records.base import Record

Name = Annotated[str, Field(min_length=1)]


class RecordioCounts(Record):
    """The numbers of records by split, and of classes."""

    train: int
    validation: int = 0
    classes: int


class RecordioReport(Record):
    """A complete RecordIO version; `shards` is the number of instances that converted it."""

    stage: str = "im2rec"
    version: Name
    dataset_version: Name
    settings: dict[str, Any] = Field(default_factory=dict)
    counts: RecordioCounts
    shards: Annotated[int, Field(ge=1)] = 1
    reused: int = 0
    bytes: int | None = None
    seconds: float | None = None
    created: str | None = None


class RecordioPointer(RecordioReport):
    """recordio/current.json: the current RecordIO version, and the job that made it."""

    job: str | None = None


class ShardReport(RecordioReport):
    """The share of a conversion that one of several instances has done.

    `expected` is the number of images of each split in all shards; `identifiers` are the record
    numbers in this shard.
    """

    host: str
    hosts: int
    expected: dict[str, int]
    identifiers: dict[str, list[int]]
    bytes: int
    seconds: float
