"""The state on disk, and errors that leave it unchanged."""

import sqlite3
from pathlib import Path

import pytest

from include.local_aws.errors import ApiError, StartupError
from include.local_aws.store import Store


def test_a_full_disk_refuses_a_change_but_not_a_later_one(tmp_path: Path) -> None:
    """A transaction that fails because the disk is full must not stay open."""
    store = Store(tmp_path / "state.sqlite")
    store.insert("model", "before", {"text": "here"})
    store._db.execute("pragma max_page_count = 10")
    with pytest.raises(ApiError, match=r"nothing was changed: database or disk is full") as refused:
        store.insert("model", "large", {"text": "x" * 100_000})
    assert (refused.value.code, refused.value.status) == ("ServiceUnavailable", 503)
    store._db.execute("pragma max_page_count = 10000")
    store.insert("model", "after", {})
    assert {body.get("text") for body in store.list_all("model")} == {"here", None}
    store.close()


def test_a_file_that_is_not_a_state_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "state.sqlite"
    file.write_text("not a database at all" * 100)
    with pytest.raises(StartupError, match=rf"the state {file} cannot be opened"):
        Store(file)


def test_a_state_file_of_a_later_version_is_not_changed(tmp_path: Path) -> None:
    file = tmp_path / "state.sqlite"
    with sqlite3.connect(file) as db:
        db.execute("pragma user_version = 99")
    before = file.read_bytes()
    with pytest.raises(StartupError, match="by a later local_aws"):
        Store(file)
    assert file.read_bytes() == before


def test_committed_changes_are_in_the_next_store(tmp_path: Path) -> None:
    """The first store is not closed, as after a kill."""
    first = Store(tmp_path / "state.sqlite")
    first.insert("model", "one", {"Tags": [{"Key": "a", "Value": "b"}]}, "arn:one")
    second = Store(tmp_path / "state.sqlite")
    assert second.get("model", "one") is not None
    assert second.tags("arn:one") == [{"Key": "a", "Value": "b"}]


def test_deleted_space_is_freed_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    store = Store(path)
    for number in range(100):
        store.insert("model", str(number), {"Environment": {"a": "x" * 100_000}})
    for number in range(99):
        store.delete("model", str(number))
    store.close()
    before = path.stat().st_size
    store = Store(path)
    try:
        assert path.stat().st_size < before / 10
        assert store.get("model", "99") is not None
    finally:
        store.close()
