"""Only what changed is sent, and what is gone here is removed there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from include.local_run.drive.upload import Mirror


def _no_progress(done: int, total: int) -> None:
    return None


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    folder = tmp_path / "data"
    folder.mkdir()
    for name in ("a.jpg", "b.jpg"):
        (folder / name).write_bytes(name.encode())
    return {path.name: path for path in folder.iterdir()}


def _mirror(s3: Any, tmp_path: Path) -> Mirror:
    return Mirror(s3, "bucket", tmp_path / "notes.json")


def test_a_second_time_nothing_is_sent(s3: Any, files: dict[str, Path], tmp_path: Path) -> None:
    assert _mirror(s3, tmp_path).mirror("p/source/", files, _no_progress) == (2, 0)
    assert _mirror(s3, tmp_path).mirror("p/source/", files, _no_progress) == (0, 0)
    assert sorted(s3.sent) == ["p/source/a.jpg", "p/source/b.jpg"]


def test_a_changed_file_is_sent_even_if_its_size_is_the_same(
    s3: Any, files: dict[str, Path], tmp_path: Path
) -> None:
    _mirror(s3, tmp_path).mirror("p/", files, _no_progress)
    files["a.jpg"].write_bytes(b"A.jpg")
    os.utime(files["a.jpg"], (1, 1))
    assert _mirror(s3, tmp_path).mirror("p/", files, _no_progress) == (1, 0)
    assert s3.objects["p/a.jpg"] == b"A.jpg"


def test_what_changed_in_s3_is_sent_again(s3: Any, files: dict[str, Path], tmp_path: Path) -> None:
    """Protects a run after the local AWS's data were removed or written to by others."""
    _mirror(s3, tmp_path).mirror("p/", files, _no_progress)
    s3.objects["p/a.jpg"] = b"other"
    del s3.objects["p/b.jpg"]
    assert _mirror(s3, tmp_path).mirror("p/", files, _no_progress) == (2, 0)


def test_what_is_gone_here_is_removed_there_unless_told_otherwise(
    s3: Any, files: dict[str, Path], tmp_path: Path
) -> None:
    _mirror(s3, tmp_path).mirror("p/", files, _no_progress)
    s3.objects["q/other.jpg"] = b"not ours"
    del files["a.jpg"]
    assert _mirror(s3, tmp_path).mirror("p/", files, _no_progress, prune=False) == (0, 0)
    assert "p/a.jpg" in s3.objects
    assert _mirror(s3, tmp_path).mirror("p/", files, _no_progress) == (0, 1)
    assert sorted(s3.objects) == ["p/b.jpg", "q/other.jpg"]


def test_progress_ends_at_the_total(s3: Any, files: dict[str, Path], tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    _mirror(s3, tmp_path).mirror("p/", files, lambda done, total: told.append((done, total)))
    assert told[-1] == (10, 10)
