"""Which folders a server takes for its state, and who may enter them afterwards."""

import os
import sqlite3
from pathlib import Path

import pytest

from include.local_aws.access.folder import MARKER, foreign_files, prepare
from include.local_aws.errors import StartupError
from include.local_aws.store import Store


def _mode(file: Path) -> int:
    return file.stat().st_mode & 0o777


def test_a_new_folder_is_marked_and_closed(tmp_path: Path) -> None:
    root = tmp_path / "not/there"
    prepare(root, tmp_path / "images.json")
    assert [entry.name for entry in root.iterdir()] == [MARKER]
    assert (_mode(root), _mode(root / MARKER)) == (0o700, 0o600)
    (root / "work").mkdir()
    prepare(root, tmp_path / "images.json")  # the second start


@pytest.mark.parametrize("name", ["images.json", "lost+found"])
def test_an_empty_folder_may_hold_the_registry_or_be_a_mounted_disk(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / name).touch()
    prepare(tmp_path, tmp_path / "images.json")
    assert (tmp_path / MARKER).exists()


def test_a_folder_that_was_made_before_there_was_a_marker_is_recognised(tmp_path: Path) -> None:
    Store(tmp_path / "state.sqlite").close()
    (tmp_path / "state.sqlite").chmod(0o644)
    (tmp_path / "work").mkdir()
    prepare(tmp_path, tmp_path / "images.json")
    assert (tmp_path / MARKER).exists()
    assert (_mode(tmp_path), _mode(tmp_path / "state.sqlite")) == (0o700, 0o600)


@pytest.mark.parametrize("content", ["text", "sqlite"])
def test_a_state_file_of_another_program_is_no_state(tmp_path: Path, content: str) -> None:
    file = tmp_path / "state.sqlite"
    if content == "sqlite":
        other = sqlite3.connect(file)
        other.execute("create table tags (name text)")
        other.close()
    else:
        file.write_text("notes")
    with pytest.raises(StartupError, match=r"holds other files \(state.sqlite\)"):
        prepare(tmp_path, tmp_path / "images.json")
    assert not (tmp_path / MARKER).exists()


def test_many_other_files_are_named_in_short(tmp_path: Path) -> None:
    for name in "dcba":
        (tmp_path / name).touch()
    assert "(a, b, c, ...)" in (foreign_files(tmp_path) or "")


def test_a_folder_of_another_user_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its owner could replace the keys."""
    owner = tmp_path.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    if owner != 0:
        with pytest.raises(StartupError, match=f"belongs to another user \\(uid {owner}\\)"):
            prepare(tmp_path, tmp_path / "images.json")
        return
    tmp_path.chmod(0o775)
    with pytest.raises(StartupError, match="every user may enter it"):
        prepare(tmp_path, tmp_path / "images.json")
    tmp_path.chmod(0o770)  # a volume of the compose file
    prepare(tmp_path, tmp_path / "images.json")
