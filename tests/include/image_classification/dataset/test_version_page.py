"""The page, changes and similar images that refresh writes with a version."""

import json

import cv2
import numpy as np
import pytest

from include.image_classification.dataset.version import pictures
from tests.include.image_classification.dataset.refresh_runs import RefreshJob
from tests.include.image_classification.dataset.sample_sources import class_folders, photo

PICTURE = "data:image/jpeg;base64,"


def page(job: RefreshJob, version: str) -> str:
    return (job.output / "versions" / version / "report.html").read_text()


def shaded(quality: int) -> bytes:
    """Return a picture with a distinctive perceptual hash, in this JPEG quality."""
    rows, columns = np.mgrid[0:80, 0:90]
    waves = 127 + 60 * np.sin(columns / 9) + 60 * np.cos(rows / 7 + columns / 30)
    options = [cv2.IMWRITE_JPEG_QUALITY, quality]
    return bytes(cv2.imencode(".jpg", waves.astype(np.uint8), options)[1].tobytes())


def test_the_first_version_shows_counts_and_quarantine(job: RefreshJob) -> None:
    folder = class_folders(job.source, {"cat": 5, "dog": 5})
    (folder / "cat" / "half.jpg").write_bytes(photo(50)[:-2])
    report = job.run()
    text = page(job, report["version"])
    assert "half.jpg" in text
    assert "truncated" in text
    assert text.count(PICTURE) == 11
    assert report["changes"] | {"added": 10} == report["changes"]


def test_samples_of_the_previous_version_are_shown(
    job: RefreshJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are not written again, and not among the job's inputs."""
    monkeypatch.setattr(pictures, "SAMPLES", 6)
    folder = class_folders(job.source, {"cat": 8, "dog": 8})
    (folder / "cat" / "half.jpg").write_bytes(photo(50)[:-2])
    job.follow(job.run())
    (folder / "cat" / "new.jpg").write_bytes(photo(99))
    (folder / "cat" / "0.jpg").rename(folder / "dog" / "0-moved.jpg")
    (folder / "dog" / "1.jpg").unlink()
    report = job.run()
    assert page(job, report["version"]).count(PICTURE) == 7
    changes = json.loads((job.folder(report) / "changes.json").read_text())
    assert changes["counts"] == report["changes"]
    assert changes["added"] == ["cat/new.jpg"]
    assert changes["removed"] == ["dog/1.jpg"]


def test_test_images_similar_to_training_images_are_listed(job: RefreshJob) -> None:
    folder = class_folders(job.source, {"cat": 5, "dog": 5})
    for quality in range(50, 98, 4):
        (folder / "cat" / f"{quality}-alike.jpg").write_bytes(shaded(quality))
    report = job.run()
    splits = {image.path: image.split for image in job.version(report).images}
    tested = {path for path in splits if "alike" in path and splits[path] == "test"}
    assert tested, "none of them tests: the case is not tried"
    leaks = job.rows(report, "leakage.jsonl")
    assert {leak["test"] for leak in leaks} == tested
    assert report["leaks"] == len(tested)


def test_an_unchanged_source_writes_no_page(job: RefreshJob) -> None:
    class_folders(job.source, {"cat": 5, "dog": 5})
    job.follow(job.run())
    assert job.run()["unchanged"]
    assert not job.files("versions")
