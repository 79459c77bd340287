"""Photos that are removed from the source and added again keep their split."""

import gzip
import json
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest

from include.contracts.dataset import Box, Split
from include.image_classification.container import CommandError
from tests.include.image_classification.dataset.refresh_runs import RefreshJob
from tests.include.image_classification.dataset.sample_sources import class_folders, photo
from tests.include.image_classification.dataset.test_following import give


def _splits(job: RefreshJob, report: dict[str, Any]) -> dict[str, Split]:
    return {image.path: image.split for image in job.version(report).images}


def _one(splits: dict[str, Split], split: Split, class_name: str) -> str:
    """Return the path of a photo of this class and split."""
    return next(
        path for path, its in splits.items() if its == split and f"{class_name}/" in f"/{path}"
    )


def _refresh(job: RefreshJob) -> dict[str, Any]:
    report = job.run()
    job.follow(report)
    return report


def _leave(job: RefreshJob, folder: Path, *paths: str) -> None:
    """Remove photos from the source for one version."""
    away = job.base / "away"
    for path in paths:
        (away / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.move(folder / path, away / path)
    _refresh(job)


@pytest.fixture
def cats(job: RefreshJob) -> tuple[Path, dict[str, Split]]:
    """Return the source's folder, and the splits in the first version."""
    folder = class_folders(job.source, {"cat": 10, "dog": 10})
    return folder, _splits(job, _refresh(job))


@pytest.mark.parametrize("returns_to", ["cat", "dog"])
def test_a_training_photo_that_returns_is_no_test_photo(
    job: RefreshJob, cats: tuple[Path, dict[str, Split]], returns_to: str
) -> None:
    """Also if the class then has no test photo, or the photo has another class."""
    folder, first = cats
    trained = _one(first, "train", "cat")
    _leave(job, folder, trained)
    _leave(job, folder, _one(first, "test", returns_to))
    back = f"{returns_to}/back.jpg"
    shutil.move(job.base / "away" / trained, folder / back)
    report = _refresh(job)
    assert _splits(job, report)[back] == "train"
    assert report["ledger_photos"] == 20


def test_a_test_photo_that_returns_is_a_test_photo(
    job: RefreshJob, cats: tuple[Path, dict[str, Split]]
) -> None:
    folder, first = cats
    tested = _one(first, "test", "cat")
    _leave(job, folder, tested)
    (folder / "cat" / "new.jpg").write_bytes(photo(99))
    _refresh(job)
    shutil.move(job.base / "away" / tested, folder / tested)
    assert _splits(job, _refresh(job))[tested] == "test"


def test_a_renamed_class_keeps_its_splits(
    job: RefreshJob, cats: tuple[Path, dict[str, Split]]
) -> None:
    folder, first = cats
    (folder / "cat").rename(folder / "tiger")
    renamed = _splits(job, _refresh(job))
    assert renamed == {path.replace("cat/", "tiger/"): split for path, split in first.items()}


def test_cropped_photos_that_return_keep_their_split(
    job: RefreshJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other boxes give other bytes of the same photo."""

    def refresh(photos: Collection[int], side: int) -> dict[int, Split]:
        box = Box(0, 0, side, 20)
        give(monkeypatch, [(f"{n}-a", photo(n), box, None) for n in photos])
        report = job.run("--boxes", "crop")
        job.follow(report)
        return {int(path.split("-")[0]): its for path, its in _splits(job, report).items()}

    class_folders(job.source, {"cat": 1})
    first = refresh(range(40), 20)
    trained = next(n for n, split in first.items() if split == "train")
    refresh(first.keys() - {trained}, 20)
    of_its_class = {n for n, split in first.items() if split == "test" and n % 2 == trained % 2}
    assert refresh(first.keys() - of_its_class, 24)[trained] == "train"


def test_a_version_without_a_ledger_starts_one(
    job: RefreshJob, cats: tuple[Path, dict[str, Split]]
) -> None:
    folder, first = cats
    shutil.rmtree(job.ledger)
    trained = _one(first, "train", "dog")
    _leave(job, folder, trained)
    _leave(job, folder, _one(first, "test", "dog"))
    shutil.move(job.base / "away" / trained, folder / trained)
    assert _splits(job, _refresh(job))[trained] == "train"


def test_an_unchanged_source_extends_the_ledger(
    job: RefreshJob, cats: tuple[Path, dict[str, Split]]
) -> None:
    before = (job.ledger / "splits.jsonl.gz").read_bytes()
    report = _refresh(job)
    assert report["unchanged"]
    assert (job.ledger / "splits.jsonl.gz").read_bytes() == before


@pytest.mark.parametrize(
    "content",
    [
        b"no gzip",
        gzip.compress(b"{"),
        gzip.compress(json.dumps({"photo_sha256": "ab", "split": "tests"}).encode()),
        gzip.compress(json.dumps({"photo_sha256": "ab", "split": "test"}).encode())[:-9],
    ],
    ids=["no gzip", "no JSON", "no split", "cut off"],
)
def test_a_damaged_ledger_is_named(job: RefreshJob, content: bytes) -> None:
    class_folders(job.source, {"cat": 5, "dog": 5})
    job.ledger.mkdir(parents=True)
    (job.ledger / "splits.jsonl.gz").write_bytes(content)
    with pytest.raises(CommandError, match=r"split ledger .*splits\.jsonl\.gz is damaged"):
        job.run()
