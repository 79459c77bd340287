"""Files that vanish from no account: unknown suffixes, systems' folders, odd content."""

import os
import unicodedata
import zipfile
from pathlib import Path

import pytest

from include.contracts import files
from include.image_classification.container import CommandError
from include.image_classification.dataset.source.class_folders import open_class_folders
from include.image_classification.dataset.source.image_lists import open_image_lists
from include.image_classification.dataset.source.left_alone import LeftAlone
from include.image_classification.dataset.version.photo_check import Photo
from tests.include.image_classification.dataset.refresh_runs import RefreshJob
from tests.include.image_classification.dataset.sample_sources import class_folders, photo, tgz


@pytest.mark.parametrize("suffix", ["avif", "heif", "jp2", "jxl", "mpo", "ppm", "HEIC", "nef"])
def test_photos_of_any_format_are_listed(tmp_path: Path, suffix: str) -> None:
    folder = class_folders(tmp_path, {"cat": 1, "dog": 1})
    (folder / "cat" / f"2.{suffix}").write_bytes(b"x" * 100)
    paths = [entry.path for entry in open_class_folders(tmp_path, None).entries]
    assert f"cat/2.{suffix}" in paths


def test_a_class_of_an_unknown_format_is_an_error_and_does_not_vanish(job: RefreshJob) -> None:
    """As with a class of only .avif files."""
    folder = class_folders(job.source, {"cat": 3, "dog": 3, "emu": 0})
    (folder / "emu" / "1.avif").write_bytes(b"\0\0\0\x1cftypavif" + bytes(40))
    with pytest.raises(CommandError, match=r"class 'emu' has no images \(1 are quarantined\)"):
        job.run()


def test_a_photo_without_a_suffix_is_recognised_by_its_content(tmp_path: Path) -> None:
    folder = class_folders(tmp_path, {"cat": 1, "dog": 1})
    (folder / "cat" / "no_suffix").write_bytes(photo(50))
    (folder / "cat" / "other.bin").write_bytes(b"no photo")
    source = open_class_folders(tmp_path, None)
    assert [entry.path for entry in source.entries] == [
        "cat/0.jpg", "cat/no_suffix", "dog/0.jpg",
    ]  # fmt: skip
    assert source.left_alone == ["cat/other.bin"]


SYSTEM_FOLDERS = [
    "$RECYCLE.BIN", "$Recycle.Bin", ".ipynb_checkpoints", ".git/refs", "__MACOSX", "@eaDir",
    "System Volume Information", "lost+found", "__pycache__", "#recycle", ".Trash-1000",
]  # fmt: skip


@pytest.mark.parametrize("name", SYSTEM_FOLDERS)
@pytest.mark.parametrize("full", [False, True])
def test_folders_of_systems_are_left_alone_by_name(tmp_path: Path, name: str, full: bool) -> None:
    class_folders(tmp_path, {"cat": 1, "dog": 1})
    for folder in (tmp_path / name, tmp_path / "cat" / name):
        folder.mkdir(parents=True)
        if full:
            (folder / "1.jpg").write_bytes(photo(9))
    source = open_class_folders(tmp_path, None)
    assert source.classes == ["cat", "dog"]
    assert len(list(source.entries)) == 2
    top = name.split("/")[0]
    assert source.left_alone == (sorted([f"cat/{top}/", f"{top}/"]) if full else [])
    assert source.accounting.left_alone.count == 2 * full


def test_the_account_is_in_the_record_and_on_the_page(job: RefreshJob) -> None:
    folder = class_folders(job.source, {"cat": 5, "dog": 5})
    (folder / "cat" / "again.jpg").write_bytes((folder / "cat" / "0.jpg").read_bytes())
    (folder / "cat" / "cut.jpg").write_bytes(photo(50)[:500])
    (folder / "cat" / "notes.txt").touch()
    (folder / ".DS_Store").touch()
    report = job.run(layout="auto")
    source = report["source"]
    assert source["counts"] == {
        "found": 14, "used": 11, "quarantined": 1, "label_files": 0, "left_alone": 2,
    }  # fmt: skip
    assert source["left_alone"] == [".DS_Store", "cat/notes.txt"]
    assert source["layout"] == "class_folders"
    assert source["notes"][0].startswith("layout class_folders, detected because no label files")
    page = (job.folder(report) / files.DATASET_PAGE).read_text()
    assert "14 found: 11 used, 1 quarantined, 0 label files, 2 left alone" in page


def test_many_similar_files_are_named_together() -> None:
    names = LeftAlone()
    for number in range(1000):
        names.add(f"train/labels/{number}.txt")
        names.add(f"class{number}/.DS_Store")
        names.use(f"class{number}/1.jpg")
    names.use("train/images/1.jpg")
    names.add("train/readme.md")
    assert names.names() == [".DS_Store (1000 files)", "train/labels/", "train/readme.md"]
    names.use("train/labels/x.jpg")
    assert "train/labels/*.txt (1000 files)" in names.names()


def test_an_archive_is_read_by_its_content(tmp_path: Path) -> None:
    """A zip named .tgz, a tar named .zip, a download without a suffix."""
    with zipfile.ZipFile(tmp_path / "cat.tgz", "w") as archive:
        archive.writestr("1.jpg", photo(1))
    tgz(tmp_path / "x.tgz", {"1.jpg": photo(2)}).rename(tmp_path / "dog.zip")
    tgz(tmp_path / "y.tgz", {"emu/1.jpg": photo(3)}).rename(tmp_path / "download")
    source = open_class_folders(tmp_path, None)
    assert {entry.path for entry in source.entries if isinstance(entry, Photo)} == {
        "cat/1.jpg", "dog/1.jpg", "download/emu/1.jpg",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.zip", b"\x1f\x8b\x08\0" + bytes(30), "a.zip is a single file compressed by gzip"),
        ("a.zip", b"version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer.*git lfs pull"),
        ("a.tgz", b"7z\xbc\xaf\x27\x1c" + bytes(30), "a.tgz is a 7z archive: create a .zip"),
        ("a.zip", b"<!DOCTYPE html><html>", "a.zip is a web page, for example of a login"),
        ("a.lst", b"version https://git-lfs.github.com/spec/v1\n", "a.lst is a Git LFS pointer"),
        ("a.lst", "0\t0\t1.jpg\n".encode("utf-16"), "a.lst is text in UTF-16.*save it as UTF-8"),
    ],
)
def test_a_file_that_is_something_else_is_named_as_that(
    tmp_path: Path, name: str, data: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(CommandError, match=message):
        (open_image_lists if name == "a.lst" else open_class_folders)(tmp_path, None)


@pytest.mark.parametrize(
    ("there", "message"),
    [
        ({"a.7z": b"7z\xbc\xaf\x27\x1c"}, r"1 \.7z file; a\.7z is a 7z archive"),
        ({"a.rar": b"Rar!\x1a\x07"}, r"a\.rar is a RAR archive"),
        ({"a.parquet": b"PAR1", "b.csv": b"x"}, r"1 \.csv file"),
        ({"output.manifest": b"{}"}, r"1 \.manifest file"),
    ],
)
def test_a_source_without_photos_says_what_is_there(
    tmp_path: Path, there: dict[str, bytes], message: str
) -> None:
    for name, data in there.items():
        (tmp_path / name).write_bytes(data)
    with pytest.raises(CommandError, match=message):
        open_class_folders(tmp_path, None)


def test_links_and_archives_in_archives_are_named_if_there_is_nothing_else(tmp_path: Path) -> None:
    os.symlink("/nowhere", tmp_path / "cat")
    tgz(tmp_path / "all.tgz", {"inner.zip": b"PK", "/abs/notes.txt": b""})
    with pytest.raises(CommandError, match=r"all\.tgz has 1 \.zip file.*a link, for example cat"):
        open_class_folders(tmp_path, None)


def test_photos_with_absolute_paths_in_an_archive_are_named(tmp_path: Path) -> None:
    tgz(tmp_path / "all.tar", {"/data/cat/1.jpg": photo(1), "/data/dog/1.jpg": photo(2)})
    with pytest.raises(CommandError, match="2 photos are links or have paths outside their arch"):
        open_class_folders(tmp_path, None)


def test_folders_in_two_unicode_forms_are_one_class_with_a_hint(tmp_path: Path) -> None:
    forms = (unicodedata.normalize("NFC", "café"), unicodedata.normalize("NFD", "café"))
    for seed, form in enumerate(forms):
        (tmp_path / form).mkdir()
        (tmp_path / form / f"{seed}.jpg").write_bytes(photo(seed))
    class_folders(tmp_path, {"dog": 1})
    source = open_class_folders(tmp_path, None)
    assert source.classes == ["café", "dog"]
    assert any("differ only in their Unicode form" in note for note in source.notes)
