"""Labels of images that are cropped from photos: they stay when the boxes change."""

import json
import shutil
from pathlib import Path
from typing import Any

from include.contracts import files
from tests.include.image_classification.dataset.corrections.label_runs import label
from tests.include.image_classification.dataset.refresh_runs import RefreshJob
from tests.include.image_classification.dataset.sample_sources import stanford

CROP = ("--boxes", "crop")


def rows(job: RefreshJob, report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["path"]: row for row in job.rows(report, files.MANIFEST)}


def give(job: RefreshJob, *lines: dict[str, Any]) -> None:
    folder = Path(job.base, "processing", "input", "labels")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "a.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))


def test_labels_by_image_by_photo_and_by_path_survive_other_boxes(job: RefreshJob) -> None:
    stanford(job.source)
    first = job.run(*CROP, layout="stanford_cars")
    before = rows(job, first)
    image, photo, path = (f"cars_train/0000{number}.jpg" for number in (1, 3, 5))
    give(
        job,
        label(sha256=before[image]["sha256"], **{"class": "BMW"}),
        label(sha256=before[photo]["cut"]["photo_sha256"], **{"class": "BMW"}),
        label(file=path, **{"class": "BMW"}),
    )
    job.follow(first)
    for flags in (CROP, ("--boxes", "whole")):
        report = job.run(*flags, layout="stanford_cars")
        found = rows(job, report)
        assert [found[name]["label"] for name in (image, photo, path)] == [1, 1, 1]
        assert report["labels"]["outcomes"] == {"corrected": 3}
        job.follow(report)


def test_labels_of_paths_in_the_first_refresh_survive_other_boxes(job: RefreshJob) -> None:
    stanford(job.source)
    give(job, label(file="cars_train/00001.jpg", **{"class": "BMW"}))
    for flags in (CROP, ("--boxes", "whole")):
        report = job.run(*flags, layout="stanford_cars")
        assert rows(job, report)["cars_train/00001.jpg"]["label"] == 1
        job.follow(report)
