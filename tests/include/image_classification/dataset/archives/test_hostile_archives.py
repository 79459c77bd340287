"""Hostile archives: memory and time are limited, and errors are clear."""

import contextlib
import io
import random
import struct
import tarfile
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from include.image_classification.container import CommandError
from include.image_classification.dataset.archives import member as limits
from include.image_classification.dataset.archives.archives import read_members
from include.image_classification.dataset.source.contract import read_member
from include.image_classification.dataset.version.manifest import Quarantined
from include.image_classification.dataset.version.photo_check import Photo
from tests.include.image_classification.dataset.archives.zips import zipped
from tests.include.image_classification.dataset.sample_sources import tgz

MIB = 1 << 20


def with_wrong_size(path: Path, size: int) -> Path:
    """Change the size of a zip's only member, with the checksum of that many zeros."""
    data = bytearray(path.read_bytes())
    central = data.index(b"PK\x01\x02")
    struct.pack_into("<I", data, central + 16, zlib.crc32(bytes(size)))
    struct.pack_into("<I", data, central + 24, size)
    path.write_bytes(data)
    return path


def read_only_member(path: Path) -> Photo | Quarantined:
    (entry,) = [read_member(found.path, 0, found) for found in read_members(path)]
    return entry


def peak(action: Callable[[], object]) -> int:
    """Return the peak of Python's memory in bytes during an action."""
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["bomb.tgz", "bomb.zip"])
def test_an_archive_that_decompresses_without_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(limits, "ALWAYS_UNPACKED", 20 * MIB)
    make = zipped if name.endswith(".zip") else tgz
    path = make(tmp_path / name, {f"{index}.jpg": bytes(MIB) for index in range(40)})
    with pytest.raises(CommandError, match=rf"{name} decompresses to \d+ .* a decompression bomb"):
        [member.read() for member in read_members(path)]


def test_a_tars_member_over_the_limit_is_not_skipped_by_reading(tmp_path: Path) -> None:
    """Skipping also decompresses: a terabyte takes an hour."""
    info = tarfile.TarInfo("1.jpg")
    info.size = 1 << 40
    with tarfile.open(tmp_path / "a.tgz", "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("0.jpg"))
        tar.fileobj.write(info.tobuf())
    with pytest.raises(CommandError, match="a decompression bomb"):
        list(read_members(tmp_path / "a.tgz"))


def test_zeros_after_an_archives_end_are_limited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ALWAYS_UNPACKED", 20 * MIB)
    with tarfile.open(tmp_path / "a.tgz", "w:gz") as tar:
        tar.fileobj.write(bytes(40 * MIB))
    with pytest.raises(CommandError, match="a decompression bomb"):
        list(read_members(tmp_path / "a.tgz"))


def test_a_zips_decompression_bomb_is_not_read(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"1.jpg": bytes(20 * MIB)})
    entry = read_only_member(path)
    assert isinstance(entry, Quarantined)
    assert entry.reason == "unsafe-member"
    assert "20971520 bytes compressed to 20" in entry.detail
    assert "a decompression bomb" in entry.detail


def test_a_member_larger_than_its_header_says_is_refused_in_little_memory(
    tmp_path: Path,
) -> None:
    path = with_wrong_size(zipped(tmp_path / "a.zip", {"1.jpg": bytes(200 * MIB)}), 1000)
    refused: list[object] = []
    assert peak(lambda: refused.append(read_only_member(path))) < MIB
    message = "it decompresses to more than the 1000 bytes of its header"
    assert refused == [Quarantined("1.jpg", None, "unsafe-member", message)]


@pytest.mark.parametrize("kind", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_compression_method_without_a_size_limit_is_refused(tmp_path: Path, kind: int) -> None:
    path = zipped(tmp_path / "a.zip", {"1.jpg": b"x"}, kind)
    with pytest.raises(CommandError, match=rf"a\.zip uses compression method {kind}.*deflate"):
        read_only_member(path)


def test_a_stored_member_longer_than_its_header_says_is_refused(tmp_path: Path) -> None:
    path = with_wrong_size(
        zipped(tmp_path / "a.zip", {"1.jpg": bytes(5000)}, zipfile.ZIP_STORED), 1000
    )
    assert "more than the 1000 bytes" in getattr(read_only_member(path), "detail", "")


def test_a_tars_large_header_is_not_read_into_memory(tmp_path: Path) -> None:
    """Python's tarfile reads names of any length into memory."""
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 300 * MIB
    with tarfile.open(tmp_path / "a.tgz", "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("0.jpg"))
        tar.fileobj.write(info.tobuf() + bytes(300 * MIB))

    def read() -> None:
        with pytest.raises(CommandError, match=r"damaged .a header of 314572800 bytes"):
            list(read_members(tmp_path / "a.tgz"))

    assert peak(read) < 10 * MIB


def test_a_tars_header_with_a_negative_size_causes_no_endless_loop(tmp_path: Path) -> None:
    """CVE-2025-8194: the next header is the same one again."""
    info = tarfile.TarInfo("1.jpg")
    info.size = -512
    with tarfile.open(tmp_path / "a.tgz", "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("0.jpg"))
        tar.fileobj.write(info.tobuf(tarfile.GNU_FORMAT))
    with pytest.raises(CommandError, match="a header with a negative size"):
        list(read_members(tmp_path / "a.tgz"))


def test_a_sparse_file_is_refused(tmp_path: Path) -> None:
    """Its size may be a petabyte."""
    info = tarfile.TarInfo("1.jpg")
    info.type = tarfile.GNUTYPE_SPARSE
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[483:495] = b"%011o\0" % (1 << 30)
    header[148:156] = b"%06o\0 " % (sum(header[:148] + header[156:512]) + 256)
    (tmp_path / "a.tar").write_bytes(bytes(header) + bytes(10240))
    assert [found.problem for found in read_members(tmp_path / "a.tar")] == ["a link or a device"]


def test_a_cut_off_archive_of_any_length_is_one_clear_error(tmp_path: Path) -> None:
    path = tgz(tmp_path / "a.tar", {"1.jpg": bytes(600)})
    path.write_bytes(b"")
    with pytest.raises(CommandError, match=r"a\.tar is cut off or damaged"):
        list(read_members(path))


@pytest.mark.parametrize("name", ["many.tgz", "many.zip"])
def test_100000_empty_entries_take_seconds_and_little_memory(tmp_path: Path, name: str) -> None:
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
    assert sum(1 for member in read_members(path) if member.read() == b"") == 100_000
    assert time.monotonic() - started < 60


def test_a_tars_entries_take_no_memory(tmp_path: Path) -> None:
    def archive(entries: int) -> Path:
        return tgz(tmp_path / f"{entries}.tgz", {f"{index}.jpg": b"" for index in range(entries)})

    def walk(path: Path) -> int:
        return peak(lambda: [None for member in read_members(path) if member.problem])

    few, many = archive(100), archive(5000)
    walk(few)
    assert walk(many) < walk(few) + 200_000


@pytest.mark.parametrize("name", ["a.tgz", "a.tar", "a.zip", "a.tar.bz2", "a.tar.xz"])
def test_any_change_to_an_archives_bytes_is_at_most_one_clear_error(
    tmp_path: Path, name: str
) -> None:
    """Protects the one-line message: the standard library raises a dozen types of exceptions."""
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
        with contextlib.suppress(CommandError):
            assert len([read_member(found.path, 0, found) for found in read_members(path)]) <= 9
