"""Which layout a folder has, what is uploaded of it, and what is said when it cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from include.local_run.errors import RunError
from include.local_run.run_plan.source_files import look_at
from tests.include.image_classification.dataset.making import tgz


def _put(folder: Path, *names: str) -> Path:
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".tgz"):
            mats = ("cars_meta.mat", "cars_train_annos.mat") if "devkit" in name else ()
            tgz(file, {f"devkit/{mat}": b"x" for mat in mats})
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


def test_the_test_set_is_uploaded_where_its_labels_are(tmp_path: Path) -> None:
    """Protects a user's disk and time: 8,041 photos without labels are of no use."""
    folder = _put(tmp_path, "cars_train.tgz", "cars_test.tgz", "car_devkit.tgz")
    assert look_at(folder).left_alone == ("cars_test.tgz",)
    _put(tmp_path, "cars_test_annos_withlabels.mat", "notes.txt")
    files = look_at(folder)
    assert files.upload == (
        "car_devkit.tgz", "cars_test.tgz", "cars_test_annos_withlabels.mat", "cars_train.tgz",
    )  # fmt: skip
    assert files.left_alone == ("notes.txt",)


def test_the_single_file_layout_is_known(tmp_path: Path) -> None:
    files = look_at(_put(tmp_path, "car_ims.tgz", "cars_annos.mat", "notes.txt"))
    assert files.layout == "stanford_cars"
    assert files.upload == ("car_ims.tgz", "cars_annos.mat")


def test_a_pipeline_may_name_one_of_two_devkits(tmp_path: Path) -> None:
    folder = _put(tmp_path, "cars_train.tgz", "car_devkit.tgz", "new_devkit.tgz")
    with pytest.raises(RunError, match=r"car_devkit.tgz and new_devkit.tgz.*source\.devkit"):
        look_at(folder)
    assert look_at(folder, "new_devkit.tgz").upload == ("cars_train.tgz", "new_devkit.tgz")


def test_lists_are_uploaded_with_their_images_and_class_names(tmp_path: Path) -> None:
    names = ("train.lst", "val.lst", "classes.txt", "train.zip", "val/a/1.jpg", "val/notes.txt")
    files = look_at(_put(tmp_path, *names, "docs/a.pdf"))
    assert files.layout == "list"
    assert files.upload == ("classes.txt", "train.lst", "train.zip", "val.lst", "val/a/1.jpg")
    assert files.left_alone == ("docs/", "val/notes.txt")


def test_train_and_validation_zips_are_class_folders(tmp_path: Path) -> None:
    """The second way that the shop's photos come in."""
    files = look_at(_put(tmp_path, "train.zip", "val.zip"))
    assert (files.layout, files.upload) == ("class_folders", ("train.zip", "val.zip"))


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
        (("car_devkit.tgz",), "no folder of photos; put cars_train.tgz beside the devkit"),
        (("cat/caf\udce9.jpg", "dog/1.jpg"), r"cat/caf\\xe9.jpg is no name that S3 could store"),
        (("train.lst",), "has lists, but no photos"),
        (("train.lst", "a.zip", "b.zip"), "train.lst may be in a.zip and b.zip"),
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
