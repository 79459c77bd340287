"""The ledger of processed images: a copy of the batches' records that is never trusted blindly."""

from __future__ import annotations

import json
from typing import Any

import duckdb
import pytest

from include.image_classification.container import CommandError
from include.image_classification.selection import records
from tests.include.image_classification.selection.selections import BATCHES, Selections

LEDGER = f"{BATCHES}ledger.parquet"


class ReadRecords:
    """Counts the records that a job reads.

    Args:
        monkeypatch: pytest's fixture.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.names: list[str] = []
        read = records._read

        def counted(batches: Any, batch: str) -> Any:
            self.names.append(batch)
            return read(batches, batch)

        monkeypatch.setattr(records, "_read", counted)

    def taken(self) -> list[str]:
        names, self.names = self.names, []
        return names


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> ReadRecords:
    return ReadRecords(monkeypatch)


@pytest.fixture
def batches(runs: Selections) -> list[str]:
    """Three batches of one image each."""
    names = []
    for key in ("a.jpg", "b.jpg", "c.jpg"):
        runs.upload(key)
        batch = runs.select()["batch"]
        runs.publish(batch)
        names.append(batch)
    return names


def test_each_record_is_read_once(runs: Selections, batches: list[str], read: ReadRecords) -> None:
    assert runs.select()["counts"]["new"] == 0
    assert read.taken() == [batches[-1]]
    assert runs.select()["recorded"] == batches
    assert read.taken() == []


def test_an_unchanged_ledger_is_not_written_again(runs: Selections, batches: list[str]) -> None:
    runs.select()
    before = runs.s3.head_object(Bucket="some-bucket", Key=LEDGER)["LastModified"]
    runs.select()
    output = runs.base / "processing" / "output" / "batches"
    assert [file.name for file in output.iterdir()] == ["select.json"]
    assert runs.s3.head_object(Bucket="some-bucket", Key=LEDGER)["LastModified"] == before


@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "no Parquet", "other columns"])
def test_a_ledger_that_is_missing_or_damaged_is_made_again(
    runs: Selections,
    batches: list[str],
    read: ReadRecords,
    damage: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    runs.select()
    whole = runs.get(LEDGER)
    if damage == "missing":
        runs.s3.delete_object(Bucket="some-bucket", Key=LEDGER)
    else:
        other = runs.base / "other.parquet"
        duckdb.execute(f"COPY (SELECT 1 AS key) TO '{other}' (FORMAT parquet)")
        content = {
            "empty": b"",
            "cut": whole[:-20],
            "no Parquet": b"PAR1 and no more PAR1",
            "other columns": other.read_bytes(),
        }
        runs.put(LEDGER, content[damage])
    read.taken()
    assert runs.select()["counts"]["new"] == 0
    assert read.taken() == batches
    assert ("is damaged, and is made again" in caplog.text) is (damage != "missing")
    assert runs.get(LEDGER) == whole


def test_a_record_that_is_written_again_is_read_again(
    runs: Selections, batches: list[str], read: ReadRecords
) -> None:
    """The ledger is then older than the record."""
    runs.select()
    read.taken()
    record = runs.record(f"{batches[1]}/batch.json")
    runs.put(f"{BATCHES}{batches[1]}/batch.json", json.dumps({**record, "images": {}}).encode())
    assert runs.predict() == ["b.jpg"]
    assert read.taken() == [batches[1]]


@pytest.mark.parametrize("what", ["the folder", "the record"])
def test_images_of_a_deleted_batch_are_new_again(
    runs: Selections, batches: list[str], what: str
) -> None:
    runs.select()
    runs.delete(f"{batches[0]}/" + ("batch.json" if what == "the record" else ""))
    assert runs.predict() == ["a.jpg"]
    assert runs.select()["counts"]["new"] == 0


def test_deleting_the_latest_batch_of_an_image_leaves_the_earlier_one(
    runs: Selections, batches: list[str]
) -> None:
    forced = runs.select(images="all", most=9)["batch"]
    runs.publish(forced)
    runs.select()
    runs.delete(f"{forced}/")
    assert runs.select()["counts"]["new"] == 0


def test_unreadable_images_are_in_the_ledger(runs: Selections) -> None:
    runs.upload("a.gif", "b.jpg")
    assert runs.predict() == ["b.jpg"]
    for _ in range(2):
        assert runs.select()["counts"]["new"] == 0


@pytest.mark.parametrize("content", [b"no JSON", b"[]", b'{"images": 1}'])
def test_an_invalid_record_is_named(runs: Selections, batches: list[str], content: bytes) -> None:
    """Its images would silently be predicted again."""
    runs.put(f"{BATCHES}{batches[2]}/batch.json", content)
    with pytest.raises(CommandError, match=rf"{batches[2]}/batch\.json: .*delete the object"):
        runs.select()


def test_records_of_earlier_versions_without_etags_of_unreadable_images_are_read(
    runs: Selections,
) -> None:
    runs.upload("a.gif")
    runs.put(f"{BATCHES}20250101T000000-0/batch.json", b'{"unreadable": {"a.gif": "x"}}')
    assert runs.select()["counts"]["unreadable"] == 1
