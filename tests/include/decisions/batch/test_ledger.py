"""Planning reads a few of the batches' records, however many there are, and finds the same."""

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
    """Batches that each have predicted one photo, and the objects that a plan has read."""

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
        """Ask for photos, and note what was read for it."""
        self.read.clear()
        wanted = {(f"{number}.{ending}", "1") for number in photos for ending in ("jpg", "gif")}
        name = None if without is None else _name(without)
        return read_ledger(self.s3, self.layout, wanted, name)

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


def test_a_record_is_read_once_and_then_found_in_the_summary(batches: Batches) -> None:
    first, last = 0, MANY - 1
    assert batches.plan(first, last) == _found(first, last)
    assert len(batches.read) == 1 + MANY
    assert batches.plan(first, last) == _found(first, last)
    assert batches.read == ["committed.jsonl.gz"]


def test_later_batches_are_read_until_there_are_enough_of_them(batches: Batches) -> None:
    """The summary is not written anew for each."""
    batches.plan()
    for number in range(MANY, MANY + APPENDED_AT_ONCE):
        batches.predict(number)
        assert batches.plan(number, 0) == _found(number, 0)
        assert len(batches.read) == 2 + number - MANY
    assert batches.plan(MANY, 0) == _found(MANY, 0)
    assert batches.read == ["committed.jsonl.gz"]


def test_memory_holds_only_what_is_asked_for(batches: Batches) -> None:
    for _ in range(2):
        found = batches.plan(7, MANY + 1)
        assert (len(found.predicted), len(found.unreadable)) == (1, 1)


def test_a_batch_that_does_not_count_is_left_out_of_the_summary_too(batches: Batches) -> None:
    batches.plan()
    assert batches.plan(3, 4, without=3) == _found(4)


def test_of_several_batches_the_latest_counts_wherever_it_is_read(batches: Batches) -> None:
    batches.predict(MANY, images={"5.jpg": "1"})
    for _ in range(2):
        assert batches.plan(5).predicted == {("5.jpg", "1"): _name(MANY)}


def test_a_batch_whose_folder_was_deleted_does_not_count(batches: Batches) -> None:
    batches.plan()
    batches.delete(batches.layout.batch_record(_name(3)))
    assert batches.plan(3, 4) == _found(4)


@pytest.mark.parametrize("left", ["the folder", "nothing of it", "the folder, but no summary"])
def test_images_are_new_again_where_the_folder_or_the_summary_is_gone_too(
    batches: Batches, left: str
) -> None:
    """Of a batch in the summary, the record alone may be deleted without effect."""
    batches.plan()
    layout = batches.layout
    plan = layout.batch_plan(_name(3))
    write_record(batches.s3, layout.bucket, plan, {"batch": _name(3)})
    batches.delete(layout.batch_record(_name(3)))
    if left == "nothing of it":
        batches.delete(plan)
    if left == "the folder, but no summary":
        batches.delete(layout.batches_summary)
    assert batches.plan(3, 4) == (_found(3, 4) if left == "the folder" else _found(4))


def test_a_run_without_a_record_is_looked_at_again(batches: Batches) -> None:
    """It may be cleared, and commit later."""
    plan = batches.layout.batch_plan(_name(MANY))
    write_record(batches.s3, batches.layout.bucket, plan, {"batch": _name(MANY)})
    batches.plan()
    assert batches.plan(MANY) == _found()
    batches.predict(MANY)
    assert batches.plan(MANY) == _found(MANY)


@pytest.mark.parametrize("content", [b"", b"no gzip", gzip.compress(b"{}\n"), "cut off"])
def test_a_damaged_summary_is_made_anew(
    batches: Batches, content: bytes | str, caplog: pytest.LogCaptureFixture
) -> None:
    batches.plan()
    where = {"Bucket": batches.layout.bucket, "Key": batches.layout.batches_summary}
    whole = batches.s3.get_object(**where)["Body"].read()
    body = whole[:-3] if isinstance(content, str) else content
    batches.s3.put_object(**where, Body=body)
    assert batches.plan(0, 4) == _found(0, 4)
    assert ("is damaged, and made anew" in caplog.text) is bool(body)
    batches.plan(0)
    assert batches.read == ["committed.jsonl.gz"]


def test_a_summary_that_another_task_has_written_meanwhile_stays(batches: Batches) -> None:
    s3, layout = batches.s3, batches.layout
    with open_summary(s3, layout) as late:
        for number in range(APPENDED_AT_ONCE):
            late.add(BatchEntry(f"late-{number}", {}, {}))
        batches.plan()
        late.save()
    assert batches.plan(0, 1) == _found(0, 1)
    assert batches.read == ["committed.jsonl.gz"]
