"""Private files are there whole or not at all, and only their owner can read them."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from include.local_aws.access.private_files import make_private, write_private
from tests.include.local_aws.full_disk import no_room


def test_a_file_is_replaced_and_closed_to_others(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"old")
    file.chmod(0o644)
    write_private(file, b"new")
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"new", 0o600)
    assert list(tmp_path.iterdir()) == [file]


def test_the_first_of_several_makes_a_file(tmp_path: Path) -> None:
    file = tmp_path / "file"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: make_private(file, b"%d" % number), range(8)))
    made = file.read_bytes()
    make_private(file, b"later")
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (made, 0o600)
    assert list(tmp_path.iterdir()) == [file]


def test_a_write_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "file"
    write_private(file, b"old")
    for write in (write_private, make_private):
        with no_room(), pytest.raises(OSError, match="File too large"):
            write(file, b"new")
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]
