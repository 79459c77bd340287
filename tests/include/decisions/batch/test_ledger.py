"""Tests of the ledger and its summary."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from include.decisions.batch.ledger import Ledger, read_ledger
from include.decisions.batch.ledger_summary import APPENDED_AT_ONCE, BatchEntry, open_summary
from include.storage.layout import Layout
from include.storage.records import write_record

MANY = 3 * APPENDED_AT_ONCE


class Batches:
    """Batches with one predicted photo each, and the keys of the objects that a plan read."""

    def __init__(self, s3: Any, layout: Layout) -> None:
        self.s3, self.layout = s3, layout
        self.read: list[str] = []
        s3.meta.events.register(
            "provide-client-params.s3.GetObject",
            lambda params, **_: self.read.append(params["Key"].removeprefix(layout.batches)),
        )

    def predict(self, number: int, tag: str = "1", **more: Any) -> None:
        record = {"images": {f"{number}.jpg": tag}, "unreadable_tags": {f"{number}.gif": tag}}
        name = self.layout.batch_record(_name(number))
        write_record(self.s3, self.layout.bucket, name, record | more)

    def plan(self, *photos: int, without: int | None = None) -> Ledger:
        """Look photos up, and record the objects that were read."""
        self.read.clear()
        contents = {(f"{number}.{ending}", "1") for number in photos for ending in ("jpg", "gif")}
        name = None if without is None else _name(without)
        return read_ledger(self.s3, self.layout, contents, name)

    def delete(self, key: str) -> None:
        self.s3.delete_object(Bucket=self.layout.bucket, Key=key)


def _name(number: int) -> str:
    return f"2026010{number // 1000}T{number:06}-00000000"


def _found(*numbers: int) -> Ledger:
    return Ledger(
        {(f"{number}.jpg", "1"): _name(number) for number in numbers},
        {(f"{number}.gif", "1"): _name(number) for number in numbers},
    )


@pytest.fixture
def batches(layout: Layout) -> Iterator[Batches]:
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket=layout.bucket)
        batches = Batches(s3, layout)
        for number in range(MANY):
            batches.predict(number)
        yield batches


def test_a_record_is_read_once_and_then_from_the_summary(batches: Batches) -> None:
    first, last = 0, MANY - 1
    assert batches.plan(first, last) == _found(first, last)
    assert len(batches.read) == 1 + MANY
    assert batches.plan(first, last) == _found(first, last)
    assert batches.read == ["committed.jsonl.gz"]


def test_later_batches_are_appended_to_the_summary_together(batches: Batches) -> None:
    """The summary is not written for each of them."""
    batches.plan()
    for number in range(MANY, MANY + APPENDED_AT_ONCE):
        batches.predict(number)
        assert batches.plan(number, 0) == _found(number, 0)
        assert len(batches.read) == 2 + number - MANY
    assert batches.plan(MANY, 0) == _found(MANY, 0)
    assert batches.read == ["committed.jsonl.gz"]


def test_only_the_requested_images_are_in_memory(batches: Batches) -> None:
    for _ in range(2):
        found = batches.plan(7, MANY + 1)
        assert (len(found.predicted), len(found.unreadable)) == (1, 1)


def test_an_ignored_batch_is_ignored_in_the_summary_too(batches: Batches) -> None:
    batches.plan()
    assert batches.plan(3, 4, without=3) == _found(4)


def test_the_latest_of_several_batches_counts(batches: Batches) -> None:
    batches.predict(MANY, images={"5.jpg": "1"})
    for _ in range(2):
        assert batches.plan(5).predicted == {("5.jpg", "1"): _name(MANY)}


def test_a_batch_whose_folder_was_deleted_does_not_count(batches: Batches) -> None:
    batches.plan()
    batches.delete(batches.layout.batch_record(_name(3)))
    assert batches.plan(3, 4) == _found(4)


@pytest.mark.parametrize("kept", ["the folder", "nothing", "the folder, but no summary"])
def test_images_are_new_again_if_the_folder_or_the_summary_is_deleted_too(
    batches: Batches, kept: str
) -> None:
    """Deleting only the record of a batch in the summary has no effect."""
    batches.plan()
    layout = batches.layout
    plan = layout.batch_plan(_name(3))
    write_record(batches.s3, layout.bucket, plan, {"batch": _name(3)})
    batches.delete(layout.batch_record(_name(3)))
    if kept == "nothing":
        batches.delete(plan)
    if kept == "the folder, but no summary":
        batches.delete(layout.batches_summary)
    assert batches.plan(3, 4) == (_found(3, 4) if kept == "the folder" else _found(4))


def test_a_batch_without_a_record_is_read_again(batches: Batches) -> None:
    """Its run may be cleared, and publish later."""
    plan = batches.layout.batch_plan(_name(MANY))
    write_record(batches.s3, batches.layout.bucket, plan, {"batch": _name(MANY)})
    batches.plan()
    assert batches.plan(MANY) == _found()
    batches.predict(MANY)
    assert batches.plan(MANY) == _found(MANY)


@pytest.mark.parametrize("content", [b"", b"no gzip", gzip.compress(b"{}\n", mtime=0), "cut off"])
def test_a_damaged_summary_is_replaced(
    batches: Batches, content: bytes | str, caplog: pytest.LogCaptureFixture
) -> None:
    batches.plan()
    target = {"Bucket": batches.layout.bucket, "Key": batches.layout.batches_summary}
    whole = batches.s3.get_object(**target)["Body"].read()
    body = whole[:-3] if isinstance(content, str) else content
    batches.s3.put_object(**target, Body=body)
    assert batches.plan(0, 4) == _found(0, 4)
    assert ("is damaged and will be written again" in caplog.text) is bool(body)
    batches.plan(0)
    assert batches.read == ["committed.jsonl.gz"]


def test_a_summary_that_another_task_has_written_is_not_overwritten(batches: Batches) -> None:
    s3, layout = batches.s3, batches.layout
    with open_summary(s3, layout) as late:
        for number in range(APPENDED_AT_ONCE):
            late.add(BatchEntry(f"late-{number}", {}, {}))
        batches.plan()
        late.save()
    assert batches.plan(0, 1) == _found(0, 1)
    assert batches.read == ["committed.jsonl.gz"]
