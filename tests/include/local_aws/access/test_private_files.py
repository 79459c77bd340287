"""Private files are written in one step, and only their owner can read them."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from include.local_aws.access.private_files import create_private_file, write_private_file
from tests.include.local_aws.full_disk import no_room


def test_write_replaces_the_file_and_its_permissions(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"old")
    file.chmod(0o644)
    write_private_file(file, b"new")
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"new", 0o600)
    assert list(tmp_path.iterdir()) == [file]


def test_the_first_of_several_writers_creates_the_file(tmp_path: Path) -> None:
    file = tmp_path / "file"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: create_private_file(file, b"%d" % number), range(8)))
    created = file.read_bytes()
    create_private_file(file, b"later")
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (created, 0o600)
    assert list(tmp_path.iterdir()) == [file]


def test_a_failed_write_leaves_the_file_unchanged(tmp_path: Path) -> None:
    file = tmp_path / "file"
    write_private_file(file, b"old")
    for write in (write_private_file, create_private_file):
        with no_room(), pytest.raises(OSError, match="File too large"):
            write(file, b"new")
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]
