"""Parquet files in archives: photos and labels, the account of files, and hostile archives."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from include.image_classification.container import CommandError
from include.image_classification.dataset.archives import member as limits
from include.image_classification.dataset.parquet import archived
from include.image_classification.dataset.parquet.archived import copy_parquet_files
from include.image_classification.dataset.tables.options import LabelOptions
from tests.include.image_classification.dataset.archives.zips import zipped
from tests.include.image_classification.dataset.parquet.files import (
    IMAGE,
    image,
    parquet,
)
from tests.include.image_classification.dataset.refresh_job import run, source
from tests.include.image_classification.dataset.sample_sources import photo, tgz
from tests.include.image_classification.dataset.tables.listing import (
    left_alone,
    listed,
    put,
    write,
)

Pack = Callable[[Path, dict[str, bytes]], Path]
PACKED = pytest.mark.parametrize(("pack", "suffix"), [(tgz, "tgz"), (tgz, "tar"), (zipped, "zip")])


@pytest.fixture
def shards(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Two files of a dataset of Hugging Face, by their names."""
    folder = tmp_path_factory.mktemp("shards")
    columns = {"image": IMAGE, "label": "BIGINT"}
    rows = {
        "data/train-00000-of-00001.parquet": [(image(1, "a.jpg"), 1), (image(2), 0)],
        "data/test-00000-of-00001.parquet": [(image(3), 0)],
    }
    for name, values in rows.items():
        parquet(folder / name, columns, values, ["cat", "dog"])
    return {name: (folder / name).read_bytes() for name in rows}


@pytest.fixture
def labels(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    file = tmp_path_factory.mktemp("labels") / "labels.parquet"
    columns = {"file_name": "VARCHAR", "label": "BIGINT"}
    parquet(file, columns, [("train/1.jpg", 0), ("test/2.jpg", 1)], ["cat", "dog"])
    return file.read_bytes()


@PACKED
def test_photos_are_read_and_other_members_left_alone(
    tmp_path: Path, shards: dict[str, bytes], pack: Pack, suffix: str
) -> None:
    pack(tmp_path / f"pets.{suffix}", {"README.md": b"card", **shards, "extra.jpg": photo(9)})
    write(tmp_path, {"notes.txt": "x"})
    assert listed(tmp_path, "parquet") == {
        "pets/data/train-00000-of-00001.parquet/000000/a.jpg": ("dog", None),
        "pets/data/train-00000-of-00001.parquet/000001": ("cat", None),
        "pets/data/test-00000-of-00001.parquet/000000": ("cat", "test"),
    }
    expected = [f"pets.{suffix}/README.md", f"pets.{suffix}/extra.jpg", "notes.txt"]
    assert left_alone(tmp_path, "parquet") == sorted(expected)


def test_the_name_of_an_archive_may_name_the_split(
    tmp_path: Path, shards: dict[str, bytes]
) -> None:
    first, second = shards.values()
    zipped(tmp_path / "train.zip", {"0000.parquet": first})
    zipped(tmp_path / "validation.zip", {"validation/0000.parquet": second})
    assert [split for _, split in listed(tmp_path, "parquet").values()] == [
        None, None, "validation",
    ]  # fmt: skip


@PACKED
def test_labels_of_photos_in_an_archive_or_beside_it(
    tmp_path: Path, labels: bytes, pack: Pack, suffix: str
) -> None:
    photos = {"train/1.jpg": photo(1), "test/2.jpg": photo(2)}
    pack(tmp_path / f"pets.{suffix}", {**photos, "metadata.parquet": labels})
    assert listed(tmp_path, "parquet") == {
        "pets/train/1.jpg": ("cat", None), "pets/test/2.jpg": ("dog", "test"),
    }  # fmt: skip
    assert left_alone(tmp_path, "parquet") == []
    pack(tmp_path / f"pets.{suffix}", {"metadata.parquet": labels})
    put(tmp_path, "train/1.jpg", "test/2.jpg")
    assert listed(tmp_path, "parquet") == {
        "train/1.jpg": ("cat", None), "test/2.jpg": ("dog", "test"),
    }  # fmt: skip


def test_a_file_in_an_archive_can_be_named_in_the_settings(
    tmp_path: Path, shards: dict[str, bytes]
) -> None:
    zipped(tmp_path / "pets.zip", shards)
    name = "pets/data/test-00000-of-00001.parquet"
    assert {*listed(tmp_path, "parquet", options=LabelOptions((name,)))} == {f"{name}/000000"}


def test_a_refresh_detects_and_counts_them(base: Path, shards: dict[str, bytes]) -> None:
    tgz(source(base) / "pets.tgz", {**shards, "README.md": b"card"})
    report = run(base, layout="auto")
    assert report["source"]["layout"] == "parquet"
    assert report["source"]["files"] == ["pets.tgz"]
    assert report["counts"]["images"] == 3
    assert report["source"]["counts"] == {
        "found": 4, "used": 3, "quarantined": 0, "label_files": 0, "left_alone": 1,
    }  # fmt: skip


def test_copies_are_named_by_numbers_and_made_once(
    tmp_path: Path, shards: dict[str, bytes]
) -> None:
    first, second = shards.values()
    hostile = {"../../out.parquet": first, "a/$(id).parquet": second, "b.parquet": first}
    copies = copy_parquet_files(zipped(tmp_path / "x.zip", hostile))
    assert list(copies.members) == ["a/$(id).parquet", "b.parquet"]
    assert [file.name for file in copies.files] == ["0.parquet", "1.parquet"]
    assert copy_parquet_files(tmp_path / "x.zip") is copies
    changed = copy_parquet_files(zipped(tmp_path / "x.zip", {"b.parquet": second * 2}))
    assert changed is not copies


def test_links_are_not_followed(tmp_path: Path, shards: dict[str, bytes]) -> None:
    import tarfile

    with tarfile.open(tmp_path / "x.tar", "w") as tar:
        link = tarfile.TarInfo("a.parquet")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    assert copy_parquet_files(tmp_path / "x.tar").members == []


@pytest.mark.parametrize("suffix", ["tgz", "zip"])
def test_a_decompression_bomb_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    monkeypatch.setattr(limits, "ALWAYS_UNPACKED", 20 << 20)
    pack = zipped if suffix == "zip" else tgz
    pack(tmp_path / f"x.{suffix}", {f"{n}.parquet": bytes(1 << 20) for n in range(40)})
    with pytest.raises(CommandError, match=rf"x.{suffix} decompresses to .*decompression bomb"):
        copy_parquet_files(tmp_path / f"x.{suffix}")


def test_too_large_and_too_many_files_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archived, "MAX_FILES", 2)
    zipped(tmp_path / "many.zip", {f"{n}.parquet": b"PAR1" for n in range(3)})
    with pytest.raises(CommandError, match=r"many.zip: it has more than 2 .*; unpack the archive"):
        copy_parquet_files(tmp_path / "many.zip")
    monkeypatch.setattr("include.image_classification.dataset.archives.tar_members"
                        ".MAX_MEMBER_BYTES", 1000)  # fmt: skip
    tgz(tmp_path / "large.tar", {"a.parquet": os.urandom(2000)})
    with pytest.raises(CommandError, match=r"large.tar: a.parquet cannot be read: 2000 bytes"):
        copy_parquet_files(tmp_path / "large.tar")


def test_without_space_for_a_copy_the_error_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archived, "RESERVE", 1 << 60)
    zipped(tmp_path / "x.zip", {"a.parquet": b"PAR1"})
    with pytest.raises(CommandError, match=r"x.zip: there is no space in .* for a copy of a.parq"):
        copy_parquet_files(tmp_path / "x.zip")


def test_a_damaged_file_is_named_with_its_archive(tmp_path: Path, shards: dict[str, bytes]) -> None:
    name, content = next(iter(shards.items()))
    zipped(tmp_path / "pets.zip", {name: content[:-9]})
    with pytest.raises(CommandError, match=rf"pets/{name} is cut off"):
        listed(tmp_path, "parquet")
