"""Archives: hostile members are not read, and damage is detected."""

import gc
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from include.image_classification.container import CommandError
from include.image_classification.dataset.archives.archives import archive_stem, read_members
from tests.include.image_classification.dataset.sample_sources import tgz

FILES = {f"photos/{index}.jpg": os.urandom(1000 + index) for index in range(20)}


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def read_all(path: Path) -> dict[str, bytes]:
    return {member.path: member.read() for member in read_members(path)}


@pytest.mark.parametrize("name", ["a.tgz", "a.tar", "a.zip"])
def test_the_files_of_an_archive_are_read(tmp_path: Path, name: str) -> None:
    make = zipped if name.endswith(".zip") else tgz
    assert read_all(make(tmp_path / name, FILES)) == FILES


def test_the_files_of_a_folder_are_sorted(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "2.jpg").write_bytes(b"2")
    (tmp_path / "1.jpg").write_bytes(b"1")
    assert list(read_all(tmp_path).items()) == [("1.jpg", b"1"), ("b/2.jpg", b"2")]


@pytest.mark.parametrize("keep", [0.0, 0.01, 0.3, 0.7, 0.95])
@pytest.mark.parametrize("name", ["a.tgz", "a.tar", "a.zip"])
def test_a_cut_off_archive_is_one_clear_error(tmp_path: Path, name: str, keep: float) -> None:
    path = (zipped if name.endswith(".zip") else tgz)(tmp_path / name, FILES)
    data = path.read_bytes()
    # tar pads the end with zeros up to 10,240 bytes: cut before the padding.
    data = data.rstrip(b"\0") if name == "a.tar" else data
    path.write_bytes(data[: int(len(data) * keep)])
    with pytest.raises(CommandError, match=rf"^{name} is cut off or damaged .*download or create"):
        read_all(path)


def test_a_tar_cut_between_two_members_is_detected(tmp_path: Path) -> None:
    """Python's tarfile accepts it."""
    path = tgz(tmp_path / "a.tar", {"1.jpg": bytes(512), "2.jpg": bytes(512)})
    path.write_bytes(path.read_bytes()[:1024])
    with pytest.raises(CommandError, match=r"a\.tar is cut off"):
        read_all(path)


def test_a_flipped_bit_in_a_compressed_archive_is_detected(tmp_path: Path) -> None:
    path = tgz(tmp_path / "a.tgz", FILES)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(CommandError, match=r"a\.tgz is cut off or damaged"):
        read_all(path)


@pytest.mark.parametrize("name", ["/etc/passwd", "../out.jpg", "a/../../out.jpg", "..\\out.jpg"])
@pytest.mark.parametrize("archive", ["a.tgz", "a.zip"])
def test_a_path_outside_the_archive_is_refused(tmp_path: Path, archive: str, name: str) -> None:
    path = (zipped if archive.endswith(".zip") else tgz)(tmp_path / archive, {name: b"x"})
    problems = [member.problem for member in read_members(path)]
    assert problems == ["a path outside the archive"]


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE]
)
def test_a_tars_links_and_devices_are_refused(tmp_path: Path, kind: bytes) -> None:
    with tarfile.open(tmp_path / "a.tgz", "w:gz") as tar:
        info = tarfile.TarInfo("photos/1.jpg")
        info.type = kind
        info.linkname = "/etc/passwd"
        tar.addfile(info)
    assert [member.problem for member in read_members(tmp_path / "a.tgz")] == ["a link or a device"]


def test_a_zips_links_are_refused(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("photos/1.jpg")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    assert [member.problem for member in read_members(tmp_path / "a.zip")] == ["a link or a device"]


def test_a_link_in_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "1.jpg").symlink_to("/etc/passwd")
    assert [member.problem for member in read_members(tmp_path)] == ["a link or a device"]


def test_an_encrypted_zip_is_an_error(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"1.jpg": b"x"})
    data = bytearray(path.read_bytes())
    for start in (b"PK\x03\x04", b"PK\x01\x02"):
        data[data.index(start) + (6 if start == b"PK\x03\x04" else 8)] |= 1
    path.write_bytes(data)
    with pytest.raises(CommandError, match=r"a\.zip is encrypted"):
        read_all(path)


def test_additions_of_macos_are_skipped_and_names_are_composed(tmp_path: Path) -> None:
    """A class folder created on a Mac must not become a second class."""
    files = {"__MACOSX/._1.jpg": b"", "./Citroe\u0308n/1.jpg": b"1", "Citroën/._1.jpg": b""}
    assert list(read_all(tgz(tmp_path / "a.tgz", files))) == ["Citroën/1.jpg"]


def test_a_tars_members_are_not_kept_in_memory(tmp_path: Path) -> None:
    """Python's tarfile keeps all of them: a gigabyte for a million."""
    found = read_members(tgz(tmp_path / "a.tar", {f"{index}.jpg": b"" for index in range(300)}))
    for _ in range(299):
        next(found)
    gc.collect()
    kept = [thing for thing in gc.get_objects() if type(thing) is tarfile.TarInfo]
    assert len(kept) < 20


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("cars_train.tgz", "cars_train"),
        ("A.TAR.GZ", "A"),
        ("x.zip", "x"),
        ("x.jpg", None),
        (".zip", None),
    ],
)
def test_archives_are_recognized_by_their_suffix(name: str, stem: str | None) -> None:
    assert archive_stem(Path(name)) == stem
