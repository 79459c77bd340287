"""The layout class_folders."""

import zipfile
from pathlib import Path

import pytest

from include.image_classification.container import CommandError
from include.image_classification.dataset.source.class_folders import open_class_folders
from include.image_classification.dataset.version.manifest import Quarantined
from include.image_classification.dataset.version.photo_check import Photo
from tests.include.image_classification.dataset.sample_sources import class_folders, photo, tgz


def listed(folder: Path, wanted: str | None = None) -> dict[str, str]:
    """Return the class of each photo by path, or the quarantine reason."""
    source = open_class_folders(folder, wanted)
    return {
        entry.path: entry.reason if isinstance(entry, Quarantined) else source.classes[entry.label]
        for entry in source.entries
    }


EXPECTED = {"cat/0.jpg": "cat", "cat/1.jpg": "cat", "dog/0.jpg": "dog"}


def test_a_class_is_a_folder_and_classes_are_sorted_by_name(tmp_path: Path) -> None:
    class_folders(tmp_path, {"dog": 1, "cat": 2})
    (tmp_path / "cat" / "notes.txt").touch()
    source = open_class_folders(tmp_path, None)
    assert source.classes == ["cat", "dog"]
    assert source.files == ["cat/", "dog/"]
    assert listed(tmp_path) == EXPECTED


@pytest.mark.parametrize("name", ["pets.zip", "pets.tgz"])
def test_class_folders_may_be_in_an_archive(tmp_path: Path, name: str) -> None:
    files = {path: photo(seed) for seed, path in enumerate(EXPECTED)}
    if name.endswith(".zip"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for path, data in files.items():
                archive.writestr(path, data)
    else:
        tgz(tmp_path / name, files)
    assert listed(tmp_path) == {f"pets/{path}": label for path, label in EXPECTED.items()}


def test_an_archive_counts_as_a_class_folder(tmp_path: Path) -> None:
    """Archives may contain the class folder or only its photos."""
    tgz(tmp_path / "cat.tgz", {"0.jpg": photo(1), "1.jpg": photo(2)})
    tgz(tmp_path / "dog.tgz", {"dog/0.jpg": photo(3)})
    assert listed(tmp_path) == EXPECTED


def test_parent_folders_of_class_folders_are_ignored(tmp_path: Path) -> None:
    """As in copies of Stanford Cars with train/<class> and test/<class>."""
    class_folders(tmp_path / "train", {"dog": 1, "cat": 2})
    class_folders(tmp_path / "test", {"dog": 1})
    assert set(listed(tmp_path).values()) == {"cat", "dog"}


def test_a_photo_outside_class_folders_is_refused(tmp_path: Path) -> None:
    class_folders(tmp_path, {"dog": 1, "cat": 2})
    (tmp_path / "stray.jpg").write_bytes(photo(9))
    assert listed(tmp_path) == EXPECTED | {"stray.jpg": "unlisted-file"}


def test_an_unsafe_member_is_refused_and_creates_no_class(tmp_path: Path) -> None:
    class_folders(tmp_path, {"dog": 1, "cat": 2})
    tgz(tmp_path / "evil.tgz", {"../../evil/1.jpg": photo(1)})
    assert open_class_folders(tmp_path, None).classes == ["cat", "dog"]
    assert "unsafe-member" in listed(tmp_path).values()


def test_photos_of_other_classes_are_not_listed(tmp_path: Path) -> None:
    class_folders(tmp_path, {"dog": 1, "cat": 2, "cow": 1})
    assert set(listed(tmp_path, "cow,dog").values()) == {"cow", "dog"}


def test_a_folder_without_photos_is_an_error(tmp_path: Path) -> None:
    class_folders(tmp_path, {"dog": 1, "cat": 2, "cow": 0})
    with pytest.raises(CommandError, match="class folder cow has no images"):
        listed(tmp_path)


def test_a_source_without_photos_is_an_error_with_the_fix(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").touch()
    with pytest.raises(CommandError, match="put each class's photos in a folder"):
        listed(tmp_path)


def split_of(folder: Path) -> dict[str, str | None]:
    """Return the split that the source assigns to each photo."""
    entries = open_class_folders(folder, None).entries
    return {entry.path: entry.split for entry in entries if isinstance(entry, Photo)}


def test_zips_of_train_and_validation_folders_have_the_same_classes(tmp_path: Path) -> None:
    """As in train.zip and val.zip with all classes in both."""
    for part in ("train", "val"):
        with zipfile.ZipFile(tmp_path / f"{part}.zip", "w") as archive:
            for seed, name in enumerate(("muffin", "donut")):
                archive.writestr(f"{name}/{part}.jpg", photo(seed))
    assert open_class_folders(tmp_path, None).classes == ["donut", "muffin"]
    assert split_of(tmp_path) == {
        "train/muffin/train.jpg": None, "train/donut/train.jpg": None,
        "val/muffin/val.jpg": "validation", "val/donut/val.jpg": "validation",
    }  # fmt: skip


def test_the_split_may_be_any_parent_folder_of_the_class(tmp_path: Path) -> None:
    files = {
        "merch_data/train/cat/1.jpg": None, "merch_data/Validation/cat/2.jpg": "validation",
        "merch_data/valid/dog/3.jpg": "validation", "merch_data/test/dog/4.jpg": "test",
        "merch_data/other/dog/5.jpg": None,
    }  # fmt: skip
    with zipfile.ZipFile(tmp_path / "shop.zip", "w") as archive:
        for seed, path in enumerate(files):
            archive.writestr(path, photo(seed))
    class_folders(tmp_path / "test", {"dog": 1})
    expected = {f"shop/{path}": split for path, split in files.items()}
    assert split_of(tmp_path) == {**expected, "test/dog/0.jpg": "test"}
    assert open_class_folders(tmp_path, None).classes == ["cat", "dog"]


def test_a_class_may_be_called_train(tmp_path: Path) -> None:
    """Classes of trains and buses: only parent folders of class folders are splits."""
    class_folders(tmp_path, {"train": 1, "bus": 1})
    assert open_class_folders(tmp_path, None).classes == ["bus", "train"]
    assert set(split_of(tmp_path).values()) == {None}


def test_a_photo_next_to_the_class_folders_of_a_split_has_no_class(tmp_path: Path) -> None:
    class_folders(tmp_path / "val", {"cat": 1, "dog": 1})
    (tmp_path / "val" / "stray.jpg").write_bytes(photo(9))
    assert open_class_folders(tmp_path, None).classes == ["cat", "dog"]
    assert listed(tmp_path)["val/stray.jpg"] == "unlisted-file"


def test_an_archive_inside_an_archive_is_named_and_ignored(tmp_path: Path) -> None:
    files = {"cat/1.jpg": photo(1), "dog/1.jpg": photo(2), "dog/more.zip": b"x"}
    tgz(tmp_path / "pets.tgz", files)
    source = open_class_folders(tmp_path, None)
    assert len(list(source.entries)) == 2
    assert source.left_alone == ["pets.tgz/dog/more.zip"]
