"""A night without new images is recognized without a job, and never by mistake."""

from __future__ import annotations

import json
from typing import Any

import pytest

from include.common.incoming import RECHECKED_OBJECTS, ListingHash
from include.decisions.batch.unchanged import all_processed
from include.storage.layout import Layout
from tests.include.decisions.memory_s3 import MemoryS3


class Nights:
    """A bucket in which a `select` job has run, and its batch was published."""

    def __init__(self, layout: Layout) -> None:
        self.s3, self.layout = MemoryS3(), layout
        self.upload("a.jpg", "b.jpg", "folder/", "c.jpg.part")
        self.last = {
            "batch": "b2", "recorded": ["b1"], "listing": self.listing(),
            "counts": {"listed": 2, "remaining": 0},
        }  # fmt: skip
        self.write()
        for batch in ("b1", "b2"):
            self.s3.objects[layout.batch_record(batch)] = b"{}"

    def upload(self, *names: str, content: bytes = b"1") -> None:
        for name in names:
            self.s3.objects[f"{self.layout.incoming}{name}"] = content

    def listing(self) -> str:
        found = ListingHash()
        for name in ("a.jpg", "b.jpg"):
            key = f"{self.layout.incoming}{name}"
            found.add(name, self.s3.get_object("b", key)["ETag"])
        return found.hexdigest()

    def write(self, **changes: Any) -> None:
        content = json.dumps({**self.last, **changes}).encode()
        self.s3.objects[self.layout.last_selection] = content

    def unchanged(self) -> bool:
        return all_processed(self.s3, self.layout)


@pytest.fixture
def nights(layout: Layout) -> Nights:
    return Nights(layout)


def test_a_night_without_changes_needs_no_job(nights: Nights) -> None:
    assert nights.unchanged()
    nights.s3.objects[nights.layout.batch_plan("b3")] = b"{}"  # a run that failed
    assert nights.unchanged()


def test_a_selection_without_a_batch_counts(nights: Nights) -> None:
    nights.write(batch=None)
    assert nights.unchanged()


@pytest.mark.parametrize("name", ["0.jpg", "a.jpg", "z.jpg"])
def test_a_new_or_replaced_image_is_noticed(nights: Nights, name: str) -> None:
    nights.upload(name, content=b"2")
    assert not nights.unchanged()


def test_a_deleted_image_is_noticed(nights: Nights) -> None:
    del nights.s3.objects[f"{nights.layout.incoming}a.jpg"]
    assert not nights.unchanged()


def test_unfinished_files_change_nothing(nights: Nights) -> None:
    nights.upload("d.jpg.part", "another/")
    assert nights.unchanged()


def test_images_that_remained_are_selected(nights: Nights) -> None:
    nights.write(counts={"listed": 2, "remaining": 1})
    assert not nights.unchanged()


def test_a_batch_that_failed_is_selected_again(nights: Nights) -> None:
    del nights.s3.objects[nights.layout.batch_record("b2")]
    assert not nights.unchanged()


def test_a_deleted_batch_is_noticed(nights: Nights) -> None:
    del nights.s3.objects[nights.layout.batch_record("b1")]
    assert not nights.unchanged()


@pytest.mark.parametrize("content", [b"", b"[]", b'{"batch": 1}'])
def test_a_damaged_record_is_written_again_by_the_next_job(nights: Nights, content: bytes) -> None:
    nights.s3.objects[nights.layout.last_selection] = content
    assert not nights.unchanged()


def test_many_images_are_left_to_the_job(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    """The task's processor time must not grow with the images."""
    nights.write(counts={"listed": RECHECKED_OBJECTS + 1, "remaining": 0})
    monkeypatch.setattr(nights.s3, "get_paginator", pytest.fail)
    assert not nights.unchanged()


def test_the_listing_is_read_only_while_it_may_be_the_same(nights: Nights) -> None:
    """A million new images must not be listed to the end."""
    pages = [[{"Key": f"{nights.layout.incoming}{n}.jpg", "ETag": "1"}] for n in range(9)]
    read: list[int] = []

    def paginate(**parameters: Any) -> Any:
        if "Delimiter" in parameters:
            folders = [{"Prefix": f"{nights.layout.batches}{batch}/"} for batch in ("b1", "b2")]
            yield {"CommonPrefixes": folders}
            return
        for number, page in enumerate(pages):
            read.append(number)
            yield {"Contents": page}

    nights.s3._list_objects_v2 = paginate  # type: ignore[method-assign,assignment]
    assert not nights.unchanged()
    assert read == [0, 1, 2]
