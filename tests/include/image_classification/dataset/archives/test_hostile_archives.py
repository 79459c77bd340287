"""Archives made to harm: memory and time stay bounded, and everything is named."""

import contextlib
import io
import json
import random
import struct
import tarfile
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.image_classification.container import ProgramError
from include.image_classification.dataset.archives import member as limits
from include.image_classification.dataset.archives.archives import members
from include.image_classification.dataset.archives.member import normalize, path_problem
from include.image_classification.dataset.source.contract import outer_members, read_member
from include.image_classification.dataset.version.manifest import Quarantined
from include.image_classification.dataset.version.photo_check import Photo
from tests.include.image_classification.dataset.making import tgz

MIB = 1 << 20


def zipped(path: Path, files: dict[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", kind) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def understated(path: Path, size: int) -> Path:
    """Let a zip's only member claim a size, with the checksum of so many zeros."""
    data = bytearray(path.read_bytes())
    central = data.index(b"PK\x01\x02")
    struct.pack_into("<I", data, central + 16, zlib.crc32(bytes(size)))
    struct.pack_into("<I", data, central + 24, size)
    path.write_bytes(data)
    return path


def read_only_member(path: Path) -> Photo | Quarantined:
    (entry,) = [read_member(found.path, 0, found) for found in members(path)]
    return entry


def peak(action: Callable[[], object]) -> int:
    """The most memory in bytes that Python held during an action."""
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["bomb.tgz", "bomb.zip"])
def test_an_archive_that_inflates_without_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(limits, "ALWAYS_UNPACKED", 20 * MIB)
    make = zipped if name.endswith(".zip") else tgz
    path = make(tmp_path / name, {f"{index}.jpg": bytes(MIB) for index in range(40)})
    with pytest.raises(ProgramError, match=rf"{name} decompresses to \d+ .* a decompression bomb"):
        [member.read() for member in members(path)]


def test_a_tars_member_beyond_the_limit_is_not_even_skipped(tmp_path: Path) -> None:
    """Skipping inflates, too: a terabyte takes an hour."""
    info = tarfile.TarInfo("1.jpg")
    info.size = 1 << 40
    with tarfile.open(tmp_path / "a.tgz", "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("0.jpg"))
        tar.fileobj.write(info.tobuf())
    with pytest.raises(ProgramError, match="a decompression bomb"):
        list(members(tmp_path / "a.tgz"))


def test_zeros_after_an_archives_end_are_bounded_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ALWAYS_UNPACKED", 20 * MIB)
    with tarfile.open(tmp_path / "a.tgz", "w:gz") as tar:
        tar.fileobj.write(bytes(40 * MIB))
    with pytest.raises(ProgramError, match="a decompression bomb"):
        list(members(tmp_path / "a.tgz"))


def test_a_zips_member_that_inflates_a_thousandfold_is_not_read(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"1.jpg": bytes(20 * MIB)})
    entry = read_only_member(path)
    assert isinstance(entry, Quarantined)
    assert entry.reason == "unsafe-member"
    assert "20971520 bytes compressed to 20" in entry.detail
    assert "a decompression bomb" in entry.detail


def test_a_member_that_inflates_to_more_than_it_says_is_refused_in_little_memory(
    tmp_path: Path,
) -> None:
    path = understated(zipped(tmp_path / "a.zip", {"1.jpg": bytes(200 * MIB)}), 1000)
    refused: list[object] = []
    assert peak(lambda: refused.append(read_only_member(path))) < MIB
    said = "it decompresses to more than the 1000 bytes of its header"
    assert refused == [Quarantined("1.jpg", None, "unsafe-member", said)]


@pytest.mark.parametrize("kind", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_packing_that_knows_no_bound_is_refused(tmp_path: Path, kind: int) -> None:
    path = zipped(tmp_path / "a.zip", {"1.jpg": b"x"}, kind)
    with pytest.raises(ProgramError, match=rf"a\.zip uses compression method {kind}.*deflate"):
        read_only_member(path)


def test_a_stored_member_that_is_longer_than_it_says_is_refused(tmp_path: Path) -> None:
    path = understated(zipped(tmp_path / "a.zip", {"1.jpg": bytes(5000)}, zipfile.ZIP_STORED), 1000)
    assert "more than the 1000 bytes" in getattr(read_only_member(path), "detail", "")


def test_a_tars_header_of_any_size_is_not_taken_into_memory(tmp_path: Path) -> None:
    """Python's tarfile reads a long name whole, whatever its length."""
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 300 * MIB
    with tarfile.open(tmp_path / "a.tgz", "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("0.jpg"))
        tar.fileobj.write(info.tobuf() + bytes(300 * MIB))

    def read() -> None:
        with pytest.raises(ProgramError, match=r"damaged .a header of 314572800 bytes"):
            list(members(tmp_path / "a.tgz"))

    assert peak(read) < 10 * MIB


def test_a_tars_header_with_a_negative_size_is_not_read_without_end(tmp_path: Path) -> None:
    """CVE-2025-8194: the header that follows is the same one."""
    info = tarfile.TarInfo("1.jpg")
    info.size = -512
    with tarfile.open(tmp_path / "a.tgz", "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("0.jpg"))
        tar.fileobj.write(info.tobuf(tarfile.GNU_FORMAT))
    with pytest.raises(ProgramError, match="a header with a negative size"):
        list(members(tmp_path / "a.tgz"))


def test_a_sparse_file_is_refused(tmp_path: Path) -> None:
    """It may claim a petabyte of nothing."""
    info = tarfile.TarInfo("1.jpg")
    info.type = tarfile.GNUTYPE_SPARSE
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[483:495] = b"%011o\0" % (1 << 30)
    header[148:156] = b"%06o\0 " % (sum(header[:148] + header[156:512]) + 256)
    (tmp_path / "a.tar").write_bytes(bytes(header) + bytes(10240))
    assert [found.problem for found in members(tmp_path / "a.tar")] == ["a link or a device"]


def test_archives_that_are_cut_in_any_way_are_one_clear_error(tmp_path: Path) -> None:
    path = tgz(tmp_path / "a.tar", {"1.jpg": bytes(600)})
    path.write_bytes(b"")
    with pytest.raises(ProgramError, match=r"a\.tar is cut off or damaged"):
        list(members(path))


@pytest.mark.parametrize("name", ["many.tgz", "many.zip"])
def test_a_hundred_thousand_empty_entries_take_seconds_and_little_memory(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    if name.endswith(".zip"):
        with zipfile.ZipFile(path, "w") as archive:
            for index in range(100_000):
                archive.writestr(zipfile.ZipInfo(f"cat/{index}.jpg"), b"")
    else:
        with tarfile.open(path, "w:gz", compresslevel=1, format=tarfile.USTAR_FORMAT) as tar:
            for index in range(100_000):
                tar.addfile(tarfile.TarInfo(f"cat/{index}.jpg"))
                tar.members.clear()  # type: ignore[attr-defined]
    started = time.monotonic()
    assert sum(1 for member in members(path) if member.read() == b"") == 100_000
    assert time.monotonic() - started < 60


def test_a_tars_many_entries_take_no_memory(tmp_path: Path) -> None:
    def archive(entries: int) -> Path:
        return tgz(tmp_path / f"{entries}.tgz", {f"{index}.jpg": b"" for index in range(entries)})

    def walk(path: Path) -> int:
        return peak(lambda: [None for member in members(path) if member.problem])

    few, many = archive(100), archive(5000)
    walk(few)
    assert walk(many) < walk(few) + 200_000


@pytest.mark.parametrize("name", ["a.tgz", "a.zip"])
def test_a_name_that_an_archive_holds_twice_is_given_twice(tmp_path: Path, name: str) -> None:
    """Each with its own bytes: what comes of the second is the dataset's to say."""
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
    found = [(member.path, member.read()) for member in members(path)]
    assert found == [("1.jpg", b"first"), ("1.jpg", b"second")]


def test_a_tars_name_that_is_no_text_is_kept_and_can_be_written(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w", format=tarfile.USTAR_FORMAT) as tar:
        for name in ("caf\udce9/1.jpg", "caf\udce8/1.jpg"):
            tar.addfile(tarfile.TarInfo(name))
    paths = [member.path for member in members(tmp_path / "a.tar")]
    assert paths == ["caf\\xe9/1.jpg", "caf\\xe8/1.jpg"]
    assert all(path.encode("utf-8") and json.dumps(path) for path in paths)


def test_a_files_name_that_is_no_text_is_kept_and_read(tmp_path: Path) -> None:
    (tmp_path / "caf\udce9.jpg").write_bytes(b"x")
    assert [(found.path, found.read()) for found in members(tmp_path)] == [("caf\\xe9.jpg", b"x")]


def test_a_zips_name_is_utf8_even_if_it_does_not_say_so(tmp_path: Path) -> None:
    """As macOS writes them: else Citroën is one class in a folder and another in a zip."""
    path = zipped(tmp_path / "a.zip", {"Citroën/1.jpg": b"x"})
    data = path.read_bytes()
    flagged = struct.pack("<H", 0x800)
    for start, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.index(start) + offset
        assert data[at : at + 2] == flagged
        data = data[:at] + bytes(2) + data[at + 2 :]
    path.write_bytes(data)
    assert [(found.path, found.read()) for found in members(path)] == [("Citroën/1.jpg", b"x")]


def test_a_zip_that_lies_about_its_names_encoding_is_one_clear_error(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"ä.jpg": b"x"})
    path.write_bytes(path.read_bytes().replace("ä".encode(), b"\xff\xff"))
    with pytest.raises(
        ProgramError, match=r"a\.zip is cut off or damaged .*download or create it again"
    ):
        list(members(path))


def test_archives_in_an_archive_are_named_and_not_opened(tmp_path: Path) -> None:
    path = tgz(tmp_path / "a.tgz", {"cat/1.jpg": b"1", "cat/more.zip": b"2", "x.tar.gz": b""})
    others: list[str] = []
    assert [found.path for found in outer_members(path, "a.tgz", others)] == ["cat/1.jpg"]
    assert others == ["a.tgz/cat/more.zip", "a.tgz/x.tar.gz"]


@pytest.mark.parametrize("name", ["a.tgz", "a.tar", "a.zip", "a.tar.bz2", "a.tar.xz"])
def test_whatever_is_done_to_an_archives_bytes_is_one_clear_error_at_most(
    tmp_path: Path, name: str
) -> None:
    """Protects the one-line failure: the standard library raises a dozen kinds of errors."""
    files = {f"photos/{index}.jpg": random.Random(index).randbytes(300) for index in range(8)}
    path = tmp_path / name
    if name.endswith(".zip"):
        zipped(path, files)
    else:
        mode = {"gz": "w:gz", "bz2": "w:bz2", "xz": "w:xz", "tgz": "w:gz"}.get(
            name.rpartition(".")[2], "w"
        )
        with tarfile.open(path, mode) as tar:  # type: ignore[call-overload]
            for file, data in files.items():
                info = tarfile.TarInfo(file)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
    whole = path.read_bytes()
    for seed in range(150):
        generator = random.Random(seed)
        damaged = bytearray(whole)
        for _ in range(generator.choice((1, 3, 20))):
            damaged[generator.randrange(len(damaged))] = generator.randrange(256)
        path.write_bytes(damaged)
        with contextlib.suppress(ProgramError):
            assert len([read_member(found.path, 0, found) for found in members(path)]) <= 9


@given(st.text())
@settings(deadline=None, max_examples=300)
def test_a_normal_name_stays_and_can_be_written_anywhere(name: str) -> None:
    once = normalize(name)
    assert not any(character in once for character in "\0\t\n\r")
    assert once.encode("utf-8")
    assert json.loads(json.dumps(asdict(Quarantined(once, None, "listed-twice", "")))) is not None
    if "\\" not in once:
        assert normalize(once) == once


@given(st.lists(st.sampled_from(["a", "..", ".", "", "b.jpg", "..."]), min_size=1))
@settings(deadline=None)
def test_a_path_without_a_problem_stays_below_any_folder(parts: list[str]) -> None:
    name = "/".join(parts)
    if path_problem(name) is None:
        inside = Path("/root", normalize(name))
        assert inside.is_relative_to("/root")
        assert ".." not in inside.parts
