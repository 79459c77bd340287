"""Layout detection, the files to upload, and messages about unusable folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from include.config.sections import Source
from include.local_run.errors import RunError
from include.local_run.run_plan.source_files import inspect_folder
from tests.include.image_classification.dataset.sample_sources import tgz


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
    """Saves the upload of hundreds of megabytes that the dataset refresh does not read."""
    folder = _put(
        tmp_path, "cars_train.tgz", "car_devkit.tgz", "cars_fullres.tgz",
        "original_devkit/cars_annos.mat", "original_devkit/cars_test_annos.mat", "notes.txt",
    )  # fmt: skip
    files = inspect_folder(folder)
    assert files.layout == "stanford_cars"
    assert files.upload == ("car_devkit.tgz", "cars_train.tgz")
    assert files.ignored_files == ("cars_fullres.tgz", "notes.txt", "original_devkit/")


def test_stanfords_folders_are_found_like_archives(tmp_path: Path) -> None:
    mats = ("devkit/cars_meta.mat", "devkit/cars_train_annos.mat")
    folder = _put(tmp_path, *mats, "devkit/README.txt", "cars_train/1.jpg", "cars_test/2.jpg")
    files = inspect_folder(folder)
    assert files.upload == ("cars_train/1.jpg", *mats)
    assert files.ignored_files == ("cars_test/", "devkit/README.txt")


def test_the_test_set_is_uploaded_only_with_its_labels(tmp_path: Path) -> None:
    """Saves the upload of 8,041 photos that cannot be used without labels."""
    folder = _put(tmp_path, "cars_train.tgz", "cars_test.tgz", "car_devkit.tgz")
    assert inspect_folder(folder).ignored_files == ("cars_test.tgz",)
    _put(tmp_path, "cars_test_annos_withlabels.mat", "notes.txt")
    files = inspect_folder(folder)
    assert files.upload == (
        "car_devkit.tgz", "cars_test.tgz", "cars_test_annos_withlabels.mat", "cars_train.tgz",
    )  # fmt: skip
    assert files.ignored_files == ("notes.txt",)


def test_the_layout_with_one_annotation_file_is_detected(tmp_path: Path) -> None:
    files = inspect_folder(_put(tmp_path, "car_ims.tgz", "cars_annos.mat", "notes.txt"))
    assert files.layout == "stanford_cars"
    assert files.upload == ("car_ims.tgz", "cars_annos.mat")


def test_a_pipeline_may_select_one_of_two_devkits(tmp_path: Path) -> None:
    folder = _put(tmp_path, "cars_train.tgz", "car_devkit.tgz", "new_devkit.tgz")
    with pytest.raises(RunError, match=r"car_devkit.tgz and new_devkit.tgz.*source\.devkit"):
        inspect_folder(folder)
    settings = Source(layout="stanford_cars", devkit="new_devkit.tgz")
    assert inspect_folder(folder, settings).upload == ("cars_train.tgz", "new_devkit.tgz")


def test_lists_are_uploaded_with_their_images_and_class_names(tmp_path: Path) -> None:
    names = ("train.lst", "val.lst", "classes.txt", "train.zip", "val/a/1.jpg", "val/notes.txt")
    files = inspect_folder(_put(tmp_path, *names, "docs/a.pdf"))
    assert files.layout == "list"
    assert files.upload == ("classes.txt", "train.lst", "train.zip", "val.lst", "val/a/1.jpg")
    assert files.ignored_files == ("docs/", "val/notes.txt")


def test_train_and_validation_zips_are_class_folders(tmp_path: Path) -> None:
    """The second layout of the merch example."""
    files = inspect_folder(_put(tmp_path, "train.zip", "val.zip"))
    assert (files.layout, files.upload) == ("class_folders", ("train.zip", "val.zip"))


def test_class_folders_are_uploaded_without_other_files(tmp_path: Path) -> None:
    names = ("cat/1.jpg", "cat/notes.txt", "dog/2.PNG", "bird.zip", "docs/a.pdf", "cat/.hidden.jpg")
    files = inspect_folder(_put(tmp_path, *names))
    assert files.layout == "class_folders"
    assert files.upload == ("bird.zip", "cat/1.jpg", "dog/2.PNG")
    assert files.ignored_files == ("cat/notes.txt", "docs/")


def test_incoming_is_not_a_class(tmp_path: Path) -> None:
    """Protects against a class named "incoming"."""
    names = ("cat/1.jpg", "dog/2.jpg", "incoming/3.jpg", "incoming_labels.json")
    files = inspect_folder(_put(tmp_path, *names))
    assert files.upload == ("cat/1.jpg", "dog/2.jpg")
    assert files.ignored_files == ()


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ((), "is empty: put photos into it"),
        (("readme.txt",), "has no photos"),
        (("1.jpg", "2.jpg"), "has photos, but no labels"),
        (("cars_train.tgz",), "no car_devkit.tgz"),
        (("car_devkit.tgz",), "no folder of photos; put cars_train.tgz next to the devkit"),
        (("cat/caf\udce9.jpg", "dog/1.jpg"), r"cat/caf\\xe9.jpg is not a valid name in S3"),
        (("train.lst",), "has lists, but no photos"),
        (("train.lst", "a.zip", "b.zip"), "train.lst may be in a.zip and b.zip"),
        (("a/cars_train.tgz", "b/cars_train.tgz", "car_devkit.tgz"), "may be in a/cars_train.tgz"),
    ],
)
def test_an_unusable_folder_is_reported_in_one_line(
    tmp_path: Path, names: tuple[str, ...], message: str
) -> None:
    with pytest.raises(RunError, match=message) as error:
        inspect_folder(_put(tmp_path, *names))
    assert f"DATA={tmp_path}" in str(error.value)
    assert "\n" not in str(error.value)
    assert error.value.status == 2


def test_a_class_without_photos_is_named(tmp_path: Path) -> None:
    """Protects against losing a class silently, because S3 has no empty folders."""
    _put(tmp_path, "cat/1.jpg", "dog/2.jpg", "bird/.hidden.jpg")
    with pytest.raises(RunError, match="class folder bird has no images"):
        inspect_folder(tmp_path)


def test_a_missing_folder_and_a_file_have_different_messages(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="does not exist"):
        inspect_folder(tmp_path / "nothing")
    with pytest.raises(RunError, match="is a file"):
        inspect_folder(_put(tmp_path, "photos.zip") / "photos.zip")


def test_a_folder_of_links_is_not_called_empty(tmp_path: Path) -> None:
    """As in a cache whose photos are elsewhere (huggingface/datasets#6853)."""
    _put(tmp_path / "elsewhere", "cat/1.jpg")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "cat").symlink_to(tmp_path / "elsewhere" / "cat")
    with pytest.raises(RunError, match=r"has no files: .*a link, for example cat, which .*copy"):
        inspect_folder(tmp_path / "data")


def test_links_to_photos_are_uploaded_as_photos(tmp_path: Path) -> None:
    """As in the cache of a download tool, whose photos are links."""
    _put(tmp_path / "blobs", "1", "2")
    for seed, name in enumerate(("cat", "dog")):
        (tmp_path / "data" / name).mkdir(parents=True)
        (tmp_path / "data" / name / "1.jpg").symlink_to(tmp_path / "blobs" / str(seed + 1))
    files = inspect_folder(tmp_path / "data")
    assert (files.layout, files.upload) == ("class_folders", ("cat/1.jpg", "dog/1.jpg"))


def test_label_files_are_uploaded_with_the_photos_that_they_name(tmp_path: Path) -> None:
    names = ("train/1.jpg", "train/2.jpg", "test/9.jpg", "incoming/1.jpg", "notes.txt")
    folder = _put(tmp_path, *names)
    (folder / "train.csv").write_text("id,label\n1,cat\n2,dog\n")
    (folder / "sample_submission.csv").write_text("id,label\n9,cat\n")
    files = inspect_folder(folder)
    assert files.layout == "csv"
    assert files.upload == ("train.csv", "train/1.jpg", "train/2.jpg")
    assert files.ignored_files == ("notes.txt", "sample_submission.csv", "test/")
    assert files.reason == "train.csv names photos and classes (file id, label label)"


def test_the_pipelines_yaml_decides_between_several_layouts(tmp_path: Path) -> None:
    folder = _put(tmp_path, "cat/1.jpg", "cat/2.jpg", "dog/3.jpg")
    (folder / "l.csv").write_text("file,label\n1.jpg,red\n2.jpg,blue\n3.jpg,red\n")
    with pytest.raises(RunError, match=r"may have several layouts: csv, because l\.csv"):
        inspect_folder(folder)
    assert inspect_folder(folder, Source(layout="csv")).layout == "csv"
    assert inspect_folder(folder, Source(layout="class_folders")).upload == (
        "cat/1.jpg", "cat/2.jpg", "dog/3.jpg",
    )  # fmt: skip
