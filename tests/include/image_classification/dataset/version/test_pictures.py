"""The selection of pictures for a version's page, and copies of their bytes."""

from dataclasses import replace
from pathlib import Path

import pytest

from include.image_classification.dataset.version import pictures
from include.image_classification.dataset.version.manifest import Image, Quarantined, Version
from include.image_classification.dataset.version.pictures import (
    Pictures,
    choose_refused,
    choose_samples,
)
from include.image_classification.dataset.version.previous import PreviousVersion


def image(label: int, number: int) -> Image:
    sha256 = f"{label}{number:02d}"
    return Image(f"{sha256}.jpg", sha256, 1, 1, 1, label, "train", f"{sha256}.jpg")


IMAGES = [image(label, number) for label in (1, 0) for number in range(40, 0, -1)]


def test_samples_are_chosen_by_the_end_of_the_hash(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The start of the hash determines the split: the lowest are all test images."""
    monkeypatch.setattr(pictures, "SAMPLES", 5)
    chosen = [item.sha256 for item in choose_samples(IMAGES, 2)]
    assert chosen == ["010", "020", "110", "120"]
    assert [item.sha256 for item in choose_samples(IMAGES[::-1], 2)] == chosen


def test_every_class_is_shown_up_to_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    images = [image(label, number) for label in range(300) for number in range(2)]
    assert len(choose_samples(images, 300)) == 300
    monkeypatch.setattr(pictures, "MOST_SAMPLES", 10)
    chosen = choose_samples(images, 300)
    assert len(chosen) == len({item.label for item in chosen}) == 10
    assert choose_samples(images[::-1], 300) == chosen


def test_quarantined_photos_are_shown_if_their_bytes_are_stored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pictures, "REFUSED", 2)
    keys = {"d": "4", "a": None, "c": "3", "b": "2"}
    rows = [Quarantined(path, None, "truncated", "", key) for path, key in keys.items()]
    assert [row.path for row in choose_refused(rows)] == ["b", "c"]


def test_identical_quarantined_photos_are_next_to_each_other() -> None:
    keys = {"a": "1", "b": "2", "c": "1"}
    rows = [Quarantined(path, key, "conflicting-labels", "", key) for path, key in keys.items()]
    assert [row.path for row in choose_refused(rows)] == ["a", "c", "b"]


def test_only_images_that_the_page_may_show_are_copied(tmp_path: Path) -> None:
    row = Quarantined("bad.jpg", "77", "truncated", "", "77/77")
    earlier = PreviousVersion(Version(IMAGES, ["a", "b"] * 60), quarantined=[row])
    kept = Pictures(tmp_path, earlier)
    for key in ("010.jpg", "020.jpg", "002.jpg", "77/77"):
        kept.keep(key, key.encode())
    paths = [kept.path(key) for key in ("010.jpg", "020.jpg", "77/77")]
    assert [path and path.read_bytes() for path in paths] == [b"010.jpg", b"020.jpg", b"77/77"]
    assert kept.path("002.jpg") is None


def test_before_the_first_version_nothing_is_copied(tmp_path: Path) -> None:
    kept = Pictures(tmp_path, PreviousVersion())
    kept.keep("a", b"a")
    assert kept.path("a") is None


def test_similar_images_are_shown_in_every_version(tmp_path: Path) -> None:
    test = replace(image(0, 39), split="test")
    version = Version([test, *IMAGES[:20]], ["a", "b"] * 60)
    kept = Pictures(tmp_path, PreviousVersion(version, look_alikes=[test.path, "133.jpg"]))
    for key in (test.key, "133.jpg", "134.jpg"):
        kept.keep(key, b"bytes")
    assert [kept.path(key) is not None for key in (test.key, "133.jpg", "134.jpg")] == [
        True, True, False,
    ]  # fmt: skip
