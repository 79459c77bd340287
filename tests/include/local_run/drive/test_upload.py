"""Only changed files are uploaded, and objects without a local file are deleted."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from include.local_run.drive.checksum import PART
from include.local_run.drive.upload import Mirror
from include.local_run.errors import RunError


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
    return Mirror(s3, "bucket", tmp_path / "cache.json")


def test_unchanged_files_are_sent_once(s3: Any, files: dict[str, Path], tmp_path: Path) -> None:
    assert _mirror(s3, tmp_path).mirror("p/source/", files, _no_progress) == (2, 0)
    assert _mirror(s3, tmp_path).mirror("p/source/", files, _no_progress) == (0, 0)
    assert sorted(s3.sent) == ["p/source/a.jpg", "p/source/b.jpg"]


def test_a_changed_file_is_sent_even_if_its_size_and_time_are_the_same(
    s3: Any, files: dict[str, Path], tmp_path: Path
) -> None:
    found = files["a.jpg"].stat()
    times = (found.st_atime_ns, found.st_mtime_ns)
    _mirror(s3, tmp_path).mirror("p/", files, _no_progress)
    files["a.jpg"].write_bytes(b"A.jpg")
    os.utime(files["a.jpg"], ns=times)
    assert _mirror(s3, tmp_path).mirror("p/", files, _no_progress) == (1, 0)
    assert s3.objects["p/a.jpg"] == b"A.jpg"


def test_objects_changed_in_s3_are_sent_again(
    s3: Any, files: dict[str, Path], tmp_path: Path
) -> None:
    """Protects a run after other programs deleted or changed objects of the local AWS."""
    _mirror(s3, tmp_path).mirror("p/", files, _no_progress)
    s3.objects["p/a.jpg"] = b"other"
    del s3.objects["p/b.jpg"]
    assert _mirror(s3, tmp_path).mirror("p/", files, _no_progress) == (2, 0)


def test_objects_without_a_local_file_are_deleted_only_if_pruned(
    s3: Any, files: dict[str, Path], tmp_path: Path
) -> None:
    _mirror(s3, tmp_path).mirror("p/", files, _no_progress)
    s3.objects["q/other.jpg"] = b"other prefix"
    del files["a.jpg"]
    assert _mirror(s3, tmp_path).mirror("p/", files, _no_progress, prune=False) == (0, 0)
    assert "p/a.jpg" in s3.objects
    assert _mirror(s3, tmp_path).mirror("p/", files, _no_progress) == (0, 1)
    assert sorted(s3.objects) == ["p/b.jpg", "q/other.jpg"]


def test_a_touched_file_is_read_but_not_sent(
    s3: Any, files: dict[str, Path], tmp_path: Path
) -> None:
    _mirror(s3, tmp_path).mirror("p/", files, _no_progress)
    os.utime(files["a.jpg"], (1, 1))
    assert _mirror(s3, tmp_path).mirror("p/", files, _no_progress) == (0, 0)


def test_the_next_run_completes_an_interrupted_upload(
    s3: Any, files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Complete objects stay. Unfinished uploads are aborted, because a refresh waits for them."""
    s3.objects["p/a.jpg"] = b"a.jpg"  # not in the cache
    s3.unfinished = ["p/b.jpg", "q/other.tgz"]
    assert _mirror(s3, tmp_path).mirror("p/", files, _no_progress) == (1, 0)
    assert s3.sent == ["p/b.jpg"]
    assert s3.unfinished == ["q/other.tgz"]


def test_a_file_that_changes_during_the_upload_is_sent_again(
    s3: Any, files: dict[str, Path], tmp_path: Path
) -> None:
    only = {"a.jpg": files["a.jpg"]}

    def change(done: int, total: int) -> None:
        only["a.jpg"].write_bytes(b"later")

    _mirror(s3, tmp_path).mirror("p/", only, change)
    assert s3.objects["p/a.jpg"] == b"a.jpg"
    assert _mirror(s3, tmp_path).mirror("p/", only, _no_progress) == (1, 0)
    assert s3.objects["p/a.jpg"] == b"later"


def test_a_file_removed_during_the_upload_is_named(
    s3: Any, files: dict[str, Path], tmp_path: Path
) -> None:
    files["a.jpg"].unlink()
    with pytest.raises(RunError, match=r"a\.jpg was removed during the upload: run again"):
        _mirror(s3, tmp_path).mirror("p/", files, _no_progress)


def test_a_large_file_has_the_etag_of_its_parts(tmp_path: Path) -> None:
    """Compares with the ETags of moto's S3."""
    data = tmp_path / "data"
    data.mkdir()
    sizes = {"small": PART - 1, "one": PART, "two": PART + 1, "empty": 0}
    for name, size in sizes.items():
        (data / name).write_bytes(os.urandom(size))
    files = {path.name: path for path in data.iterdir()}
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="bucket")
        assert _mirror(s3, tmp_path).mirror("p/", files, _no_progress) == (4, 0)
        (tmp_path / "cache.json").unlink()
        assert _mirror(s3, tmp_path).mirror("p/", files, _no_progress) == (0, 0)


def test_progress_ends_at_the_total(s3: Any, files: dict[str, Path], tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    _mirror(s3, tmp_path).mirror("p/", files, lambda done, total: calls.append((done, total)))
    assert calls[-1] == (10, 10)


@pytest.mark.parametrize("content", ["", '{"p/a.jpg": [[1, ', "[]"])
def test_a_cache_that_was_cut_off_counts_as_none(
    s3: Any, files: dict[str, Path], tmp_path: Path, content: str
) -> None:
    """The files are read again, but not sent."""
    _mirror(s3, tmp_path).mirror("p/", files, _no_progress)
    (tmp_path / "cache.json").write_text(content)
    assert _mirror(s3, tmp_path).mirror("p/", files, _no_progress) == (0, 0)
