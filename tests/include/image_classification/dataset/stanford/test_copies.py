"""Stanford Cars in the layouts in which people get it, through the command `refresh`."""

import hashlib
from pathlib import Path

import pytest

from include.image_classification.container import CommandError
from include.image_classification.dataset.stanford.published import published_name
from include.local_run.errors import RunError
from include.local_run.run_plan.source_files import inspect_folder
from tests.include.image_classification.dataset.refresh_runs import RefreshJob
from tests.include.image_classification.dataset.sample_sources import devkit, photo, tgz
from tests.include.image_classification.dataset.stanford import copies

OTHER_LAYOUTS = {
    "by_classes": "class_folders",
    "by_classes_with_labels": "csv",
    "hugging_face": "parquet",
    "hugging_face_card": "parquet",
}


@pytest.mark.parametrize("name", copies.COPIES)
def test_the_classes_are_named_and_the_test_photos_do_not_train(job: RefreshJob, name: str) -> None:
    copies.COPIES[name](job.source)
    report = job.run("--split", "source", layout="auto")
    version = job.version(report)
    assert version.classes == copies.CLASSES
    held_out = {hashlib.sha256(data).hexdigest() for data in copies.test_photos().values()}
    test = {image.sha256 for image in version.images if image.split == "test"}
    assert test == held_out
    training = {
        hashlib.sha256(data).hexdigest(): key for key, data in copies.train_photos().items()
    }
    named = {image.sha256: image.label for image in version.images if image.split != "test"}
    assert named == {sha256: copies.TRAIN[key] for sha256, key in training.items()}
    account = report["source"]["counts"]
    assert account["used"] == 392
    assert account["found"] == sum(account.values()) - account["found"]
    assert account["quarantined"] == report["counts"]["quarantined"] == 0


@pytest.mark.parametrize("name", copies.COPIES)
def test_make_run_detects_the_same_layout_and_keeps_the_test_photos_apart(
    tmp_path: Path, name: str
) -> None:
    copies.COPIES[name](tmp_path)
    files = inspect_folder(tmp_path)
    assert files.layout == OTHER_LAYOUTS.get(name, "stanford_cars")
    assert files.held_out
    unused = {path.name for path in tmp_path.rglob("README.txt")}
    assert {Path(name).name for name in files.ignored_files} == unused


def test_labels_of_differently_numbered_photos_are_refused(job: RefreshJob) -> None:
    """Kaggle's archive has cars_annos.mat, whose names are those of car_ims, and no devkit."""
    (job.source / "archive.zip").write_bytes(copies.kaggle_archive())
    message = (
        r"cars_annos\.mat has the labels of car_ims, but the photos in archive\.zip are those of"
        r" cars_train.*add cars_train_annos\.mat with cars_meta\.mat \(both are in car_devkit"
    )
    with pytest.raises(CommandError, match=message):
        job.run(layout="stanford_cars")
    with pytest.raises(RunError, match=message):
        inspect_folder(job.source)


def test_messages_name_the_archives_that_are_there(job: RefreshJob) -> None:
    tgz(job.source / "my-cars.tgz", {"photos/1.jpg": photo(1)})
    devkit(job.source, [("1.jpg", 1)], ["Audi", "BMW"])
    with pytest.raises(CommandError, match=r"my-cars\.tgz has no folder cars_train with photos"):
        job.run(layout="stanford_cars")
    (job.source / "car_devkit.tgz").unlink()
    tgz(job.source / "my-cars.tgz", {"cars_train/1.jpg": photo(1)})
    with pytest.raises(CommandError, match=r"my-cars\.tgz has no \.mat files with labels"):
        job.run(layout="stanford_cars")


def test_test_photos_without_labels_in_an_archive_are_left_alone(job: RefreshJob) -> None:
    copies.fastai(job.source)
    (job.source / copies.TEST_LABELS).unlink()
    report = job.run(layout="auto")
    assert report["counts"]["listed"] == 196
    assert report["source"]["left_alone"] == ["stanford-cars.tgz/stanford-cars/cars_test/"]
    assert report["source"]["counts"]["left_alone"] == 196


@pytest.mark.parametrize(
    ("name", "published"),
    [
        ("cars_test_annos_withlabels (1).mat", "cars_test_annos_withlabels.mat"),
        ("cars_test_annos_withlabels(2).mat", "cars_test_annos_withlabels.mat"),
        ("cars_meta - Copy.mat", "cars_meta.mat"),
        ("cars_meta copy.mat", "cars_meta.mat"),
        ("Cars_Annos.MAT", "cars_annos.mat"),
        ("other.mat", "other.mat"),
    ],
)
def test_downloads_and_copies_keep_their_published_name(name: str, published: str) -> None:
    assert published_name(name) == published
