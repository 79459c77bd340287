"""The source's own splits: test photos do not train, and what is detected is logged."""

from pathlib import Path

import pytest

from include.image_classification.container import CommandError
from tests.include.image_classification.dataset.refresh_runs import RefreshJob
from tests.include.image_classification.dataset.sample_sources import class_folders, photo


def with_test_photos(folder: Path, training: str, testing: str) -> None:
    class_folders(folder / training, {"glioma": 6, "healthy": 6})
    for seed, name in enumerate(("glioma", "healthy")):
        (folder / testing / name).mkdir(parents=True)
        for number in range(4):
            data = photo(1000 + 10 * seed + number)
            (folder / testing / name / f"{number}.jpg").write_bytes(data)


@pytest.mark.parametrize(
    ("training", "testing"),
    [("Training", "Testing"), ("seg_train/seg_train", "seg_test/seg_test"), ("train", "tst"),
     ("training_set", "test_set"), ("Train Images", "Test Images")],
)  # fmt: skip
def test_no_test_photo_of_the_source_trains(job: RefreshJob, training: str, testing: str) -> None:
    with_test_photos(job.source, training, testing)
    version = job.version(job.run("--split", "source"))
    assert version.classes == ["glioma", "healthy"]
    test = [image.path for image in version.images if image.path.startswith(testing)]
    assert len(test) == 8
    assert [image.path for image in version.split("test")] == test


@pytest.mark.parametrize(("held", "split"), [("Validation", "validation"), ("dev", "validation")])
def test_no_validation_photo_of_the_source_trains(job: RefreshJob, held: str, split: str) -> None:
    with_test_photos(job.source, "Train", held)
    version = job.version(job.run("--split", "source"))
    assert {image.split for image in version.images if image.path.startswith(held)} == {split}


def test_a_source_without_splits_is_reported(
    job: RefreshJob, caplog: pytest.LogCaptureFixture
) -> None:
    with_test_photos(job.source, "a", "b")
    job.run("--split", "source")
    message = "split: source, but the source assigns no photo to validation or test"
    assert message in caplog.text
    assert "test, tests, testing, tst" in caplog.text


def test_test_photos_that_a_ratio_mixes_are_reported(
    job: RefreshJob, caplog: pytest.LogCaptureFixture
) -> None:
    with_test_photos(job.source, "Training", "Testing")
    job.run()
    assert "split: ratio mixes them with the others, so that some of them train" in caplog.text


def test_flat_parts_are_an_error_that_names_the_folder_and_the_fix(job: RefreshJob) -> None:
    for part in ("train", "test"):
        (job.source / part).mkdir()
        (job.source / part / "1.jpg").write_bytes(photo(len(part)))
    message = r"test/, train/, and such a folder is named after a split; put its photos .*classes"
    with pytest.raises(CommandError, match=message):
        job.run()
    job.run("--classes", "train,test")


def test_photos_of_a_part_beside_class_folders_are_quarantined_with_the_fix(
    job: RefreshJob,
) -> None:
    class_folders(job.source, {"cat": 5, "dog": 5})
    (job.source / "single_prediction").mkdir()
    (job.source / "single_prediction" / "1.jpg").write_bytes(photo(99))
    (row,) = job.rows(job.run(), "quarantine.jsonl")
    assert (row["path"], row["reason"]) == ("single_prediction/1.jpg", "unlisted-file")
    assert (
        "single_prediction/ is no class folder, because it is named as photos without"
        in (row["detail"])
    )
    assert "source.classes" in row["detail"]


def test_the_log_says_what_was_detected_and_why(
    job: RefreshJob, caplog: pytest.LogCaptureFixture
) -> None:
    with_test_photos(job.source, "Training", "Testing")
    with caplog.at_level("INFO"):
        report = job.run("--split", "source", layout="auto")
    for note in report["source"]["notes"]:
        assert note in caplog.text
    assert "2 folders have photos for test, such as Testing/glioma/" in caplog.text
    assert "20 files found: 20 used, 0 quarantined, 0 label files, 0 left alone" in caplog.text


def test_a_layout_that_does_not_fit_the_files_is_reported(
    job: RefreshJob, caplog: pytest.LogCaptureFixture
) -> None:
    class_folders(job.source, {"cat": 5, "dog": 5})
    (job.source / "all.lst").write_text("0\t0\tcat/0.jpg\n")
    job.run()
    assert "although list is detected, because there is all.lst: set source.layout" in caplog.text


@pytest.mark.parametrize("layout", ["class_folders", "auto"])
def test_cropping_without_boxes_is_an_error(job: RefreshJob, layout: str) -> None:
    class_folders(job.source, {"cat": 5, "dog": 5})
    message = r"--boxes crop needs boxes, but no photo .* has one in layout class_folders; leave"
    with pytest.raises(CommandError, match=message):
        job.run("--boxes", "crop", layout=layout)
