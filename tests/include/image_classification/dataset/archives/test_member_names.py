"""Names of members: encodings, repetitions and hostile paths."""

import io
import json
import struct
import tarfile
import zipfile
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.image_classification.container import CommandError
from include.image_classification.dataset.archives.archives import read_members
from include.image_classification.dataset.archives.member import normalize, path_problem
from include.image_classification.dataset.source.accounting import Accounting
from include.image_classification.dataset.version.manifest import Quarantined
from tests.include.image_classification.dataset.archives.zips import zipped
from tests.include.image_classification.dataset.sample_sources import tgz


@pytest.mark.parametrize("name", ["a.tgz", "a.zip"])
def test_a_name_that_occurs_twice_in_an_archive_is_yielded_twice(tmp_path: Path, name: str) -> None:
    """Both with their own bytes; the dataset decides about the second."""
    path = tmp_path / name
    if name.endswith(".zip"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("1.jpg", b"first")
            with pytest.warns(UserWarning, match="Duplicate"):
                archive.writestr("1.jpg", b"second")
    else:
        with tarfile.open(path, "w:gz") as tar:
            for data in (b"first", b"second"):
                info = tarfile.TarInfo("1.jpg")
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
    found = [(member.path, member.read()) for member in read_members(path)]
    assert found == [("1.jpg", b"first"), ("1.jpg", b"second")]


def test_a_tars_name_that_is_not_utf8_is_kept_and_can_be_written(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w", format=tarfile.USTAR_FORMAT) as tar:
        for name in ("caf\udce9/1.jpg", "caf\udce8/1.jpg"):
            tar.addfile(tarfile.TarInfo(name))
    paths = [member.path for member in read_members(tmp_path / "a.tar")]
    assert paths == ["caf\\xe9/1.jpg", "caf\\xe8/1.jpg"]
    assert all(path.encode("utf-8") and json.dumps(path) for path in paths)


def test_a_files_name_that_is_not_utf8_is_kept_and_read(tmp_path: Path) -> None:
    (tmp_path / "caf\udce9.jpg").write_bytes(b"x")
    assert [(found.path, found.read()) for found in read_members(tmp_path)] == [
        ("caf\\xe9.jpg", b"x")
    ]


def test_a_zips_name_is_decoded_as_utf8_without_the_flag(tmp_path: Path) -> None:
    """As on macOS; otherwise Citroën is one class in a folder and another one in a zip."""
    path = zipped(tmp_path / "a.zip", {"Citroën/1.jpg": b"x"})
    data = path.read_bytes()
    flagged = struct.pack("<H", 0x800)
    for start, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.index(start) + offset
        assert data[at : at + 2] == flagged
        data = data[:at] + bytes(2) + data[at + 2 :]
    path.write_bytes(data)
    assert [(found.path, found.read()) for found in read_members(path)] == [("Citroën/1.jpg", b"x")]


def test_a_zip_with_a_wrong_encoding_flag_is_one_clear_error(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"ä.jpg": b"x"})
    path.write_bytes(path.read_bytes().replace("ä".encode(), b"\xff\xff"))
    with pytest.raises(
        CommandError, match=r"a\.zip is cut off or damaged .*download or create it again"
    ):
        list(read_members(path))


def test_archives_inside_an_archive_are_named_and_not_opened(tmp_path: Path) -> None:
    path = tgz(tmp_path / "a.tgz", {"cat/1.jpg": b"1", "cat/more.zip": b"2", "x.tar.gz": b""})
    accounting = Accounting(tmp_path)
    for found in accounting.members(path):
        assert found.path == "cat/1.jpg"
        accounting.take()
    assert accounting.left_alone.names() == ["a.tgz/cat/more.zip", "a.tgz/x.tar.gz"]


@given(st.text())
@settings(deadline=None, max_examples=300)
def test_a_normalized_name_is_stable_and_can_be_written(name: str) -> None:
    once = normalize(name)
    assert not any(character in once for character in "\0\t\n\r")
    assert once.encode("utf-8")
    assert json.loads(json.dumps(asdict(Quarantined(once, None, "listed-twice", "")))) is not None
    if "\\" not in once:
        assert normalize(once) == once


@given(st.lists(st.sampled_from(["a", "..", ".", "", "b.jpg", "..."]), min_size=1))
@settings(deadline=None)
def test_a_path_without_a_problem_stays_inside_a_folder(parts: list[str]) -> None:
    name = "/".join(parts)
    if path_problem(name) is None:
        inside = Path("/root", normalize(name))
        assert inside.is_relative_to("/root")
        assert ".." not in inside.parts
