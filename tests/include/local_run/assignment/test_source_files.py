"""Which layout a folder has, what is uploaded of it, and what is said when it cannot be used."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from include.local_run.assignment.source_files import look_at
from include.local_run.errors import RunError


def _put(folder: Path, *names: str) -> Path:
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".tgz"):
            tarfile.open(file, "w:gz").close()
        else:
            file.write_bytes(b"x")
    return folder


def test_stanfords_archives_are_found_among_others(tmp_path: Path) -> None:
    """Protects a user's disk and time: hundreds of megabytes nobody reads stay where they are."""
    folder = _put(
        tmp_path, "cars_train.tgz", "car_devkit.tgz", "cars_fullres.tgz",
        "original_devkit/cars_annos.mat", "original_devkit/cars_test_annos.mat", "notes.txt",
    )  # fmt: skip
    files = look_at(folder)
    assert files.layout == "stanford_cars"
    assert files.upload == ("car_devkit.tgz", "cars_train.tgz")
    assert files.left_alone == ("cars_fullres.tgz", "notes.txt", "original_devkit/")


def test_stanfords_folders_do_as_well_as_archives(tmp_path: Path) -> None:
    mats = ("devkit/cars_meta.mat", "devkit/cars_train_annos.mat")
    folder = _put(tmp_path, *mats, "devkit/README.txt", "cars_train/1.jpg", "cars_test/2.jpg")
    files = look_at(folder)
    assert files.upload == ("cars_train/1.jpg", *mats)
    assert files.left_alone == ("cars_test/", "devkit/README.txt")


def test_class_folders_are_uploaded_without_what_is_no_photo(tmp_path: Path) -> None:
    names = ("cat/1.jpg", "cat/notes.txt", "dog/2.PNG", "bird.zip", "docs/a.pdf", "cat/.hidden.jpg")
    files = look_at(_put(tmp_path, *names))
    assert files.layout == "class_folders"
    assert files.upload == ("bird.zip", "cat/1.jpg", "dog/2.PNG")
    assert files.left_alone == ("cat/notes.txt", "docs/")


def test_new_photos_are_no_class(tmp_path: Path) -> None:
    """Protects the classes from a class called "incoming"."""
    names = ("cat/1.jpg", "dog/2.jpg", "incoming/3.jpg", "incoming_labels.json")
    files = look_at(_put(tmp_path, *names))
    assert files.upload == ("cat/1.jpg", "dog/2.jpg")
    assert files.left_alone == ()


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ((), "is empty: put photos in it"),
        (("readme.txt",), "has no photos"),
        (("1.jpg", "2.jpg"), "nothing says what they show"),
        (("cars_train.tgz",), "no car_devkit.tgz"),
        (("car_devkit.tgz",), "has no photos: put cars_train.tgz beside the devkit"),
        (("a/cars_train.tgz", "b/cars_train.tgz", "car_devkit.tgz"), "may be in a/cars_train.tgz"),
    ],
)
def test_an_unusable_folder_is_one_line_with_the_fix(
    tmp_path: Path, names: tuple[str, ...], said: str
) -> None:
    with pytest.raises(RunError, match=said) as error:
        look_at(_put(tmp_path, *names))
    assert f"DATA={tmp_path}" in str(error.value)
    assert "\n" not in str(error.value)
    assert error.value.status == 2


def test_a_class_without_photos_is_named(tmp_path: Path) -> None:
    """Protects against a class that vanishes silently: S3 knows no empty folders."""
    _put(tmp_path, "cat/1.jpg", "dog/2.jpg", "bird/.hidden.jpg")
    with pytest.raises(RunError, match="the class bird has no photos"):
        look_at(tmp_path)


def test_a_missing_folder_and_a_file_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="does not exist"):
        look_at(tmp_path / "nothing")
    with pytest.raises(RunError, match="is a file"):
        look_at(_put(tmp_path, "photos.zip") / "photos.zip")
