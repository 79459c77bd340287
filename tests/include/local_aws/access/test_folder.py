"""Which folders a server accepts for its state, and their permissions."""

import os
import sqlite3
from pathlib import Path

import pytest

from include.local_aws.access.folder import MARKER, foreign_files, prepare
from include.local_aws.errors import StartupError
from include.local_aws.store import Store
from tests.include.local_aws.full_disk import no_room


def _mode(file: Path) -> int:
    return file.stat().st_mode & 0o777


def test_a_new_folder_is_marked_and_gets_mode_0700(tmp_path: Path) -> None:
    root = tmp_path / "not/there"
    prepare(root, tmp_path / "images.json")
    assert [entry.name for entry in root.iterdir()] == [MARKER]
    assert (_mode(root), _mode(root / MARKER)) == (0o700, 0o600)
    (root / "work").mkdir()
    prepare(root, tmp_path / "images.json")  # the second start


@pytest.mark.parametrize("name", ["images.json", "lost+found"])
def test_an_empty_folder_may_contain_the_registry_or_be_a_mounted_disk(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / name).touch()
    prepare(tmp_path, tmp_path / "images.json")
    assert (tmp_path / MARKER).exists()


def test_a_folder_of_a_version_without_marker_is_recognized(tmp_path: Path) -> None:
    Store(tmp_path / "state.sqlite").close()
    (tmp_path / "state.sqlite").chmod(0o644)
    (tmp_path / "work").mkdir()
    prepare(tmp_path, tmp_path / "images.json")
    assert (tmp_path / MARKER).exists()
    assert (_mode(tmp_path), _mode(tmp_path / "state.sqlite")) == (0o700, 0o600)


@pytest.mark.parametrize("content", ["text", "sqlite"])
def test_a_state_file_of_another_program_is_not_recognized(tmp_path: Path, content: str) -> None:
    file = tmp_path / "state.sqlite"
    if content == "sqlite":
        other = sqlite3.connect(file)
        other.execute("create table tags (name text)")
        other.close()
    else:
        file.write_text("notes")
    with pytest.raises(StartupError, match=r"contains other files \(state.sqlite\)"):
        prepare(tmp_path, tmp_path / "images.json")
    assert not (tmp_path / MARKER).exists()


def test_at_most_three_other_files_are_named(tmp_path: Path) -> None:
    for name in "dcba":
        (tmp_path / name).touch()
    assert "(a, b, c, ...)" in (foreign_files(tmp_path) or "")


def test_a_folder_of_another_user_is_rejected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its owner could replace the keys."""
    owner = tmp_path.stat().st_uid
    chown = f"`chown -R {owner + 1} {tmp_path}` as root"
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    if owner != 0:
        with pytest.raises(
            StartupError, match=f"belongs to another user \\(uid {owner}\\).*{chown}"
        ):
            prepare(tmp_path, tmp_path / "images.json")
        return
    tmp_path.chmod(0o775)
    with pytest.raises(StartupError, match=f"all users can access it.*{chown}"):
        prepare(tmp_path, tmp_path / "images.json")
    tmp_path.chmod(0o770)  # a volume of the compose file
    prepare(tmp_path, tmp_path / "images.json")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can change the owner of a folder")
def test_a_volume_of_another_uid_is_rejected_with_the_command_to_run(tmp_path: Path) -> None:
    os.chown(tmp_path, 50000, 0)
    command = (
        "docker compose --profile local-aws run --rm --user 0:0 --entrypoint chown local-aws "
        f"-R 0:0 {tmp_path}"
    )
    with pytest.raises(StartupError, match=rf"\(uid 50000\).*in docker compose: `{command}`"):
        prepare(tmp_path, tmp_path / "images.json")


@pytest.mark.parametrize("lock", ["", "4711"])
@pytest.mark.parametrize("names", [(), ("s3",), ("s3", "logs", "work")])
def test_an_interrupted_first_start_of_an_earlier_version_is_recognized(
    tmp_path: Path, lock: str, names: tuple[str, ...]
) -> None:
    (tmp_path / "lock").write_text(lock)
    for name in names:
        (tmp_path / name).mkdir()
    if "s3" in names:
        (tmp_path / "s3/ports.json").write_text("{}")
    prepare(tmp_path, tmp_path / "images.json")
    assert (tmp_path / MARKER).exists()


@pytest.mark.parametrize(
    "names",
    [
        ("lock/", "s3/"),  # no file
        ("logs/", "work/"),
        ("lock", "logs/"),  # no ports
        ("lock", "s3/", "work/"),
        ("lock", "s3/", "s3/ports.json", "work/", "README.md"),
    ],
)
def test_folders_that_look_similar_are_rejected(tmp_path: Path, names: tuple[str, ...]) -> None:
    for name in names:
        (tmp_path / name).mkdir() if name.endswith("/") else (tmp_path / name).touch()
    assert "contains other files" in (foreign_files(tmp_path) or "")


def test_a_lock_file_of_another_program_is_not_recognized(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("[[package]]")
    assert "contains other files (lock)" in (foreign_files(tmp_path) or "")


def test_a_folder_on_a_full_disk_is_rejected_and_usable_later(tmp_path: Path) -> None:
    with no_room(), pytest.raises(StartupError, match=r"cannot be used \(File too large\)"):
        prepare(tmp_path, tmp_path / "images.json")
    prepare(tmp_path, tmp_path / "images.json")
    assert "state of a local AWS" in (tmp_path / MARKER).read_text()
