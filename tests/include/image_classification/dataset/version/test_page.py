"""The page of a dataset version: complete, self-contained, and safe to open."""

import hashlib
import html
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from include.contracts.dataset import SPLITS
from include.image_classification.dataset.version.changes import compare
from include.image_classification.dataset.version.leakage import Leak
from include.image_classification.dataset.version.manifest import (
    Duplicate,
    Image,
    Quarantined,
    Version,
)
from include.image_classification.dataset.version.page import DatasetPage, write_dataset_page
from include.image_classification.pages.histogram import histogram
from tests.include.image_classification.dataset.sample_sources import photo

HOSTILE = "<script>alert('no')</script>"


def image(number: int, label: int, width: int = 40) -> Image:
    sha256 = hashlib.sha256(str(number).encode()).hexdigest()
    split = SPLITS[number % 3]
    return Image(f"photos/{number}.jpg", sha256, 900, width, 24, label, split, f"{number}.jpg")


def write(
    folder: Path,
    images: Sequence[Image],
    classes: Sequence[str],
    quarantined: Sequence[Quarantined] = (),
    leaks: Sequence[Leak] = (),
    previous: Version | None = None,
) -> str:
    version = Version(images, classes)
    counts = {split: sum(item.split == split for item in images) for split in SPLITS}
    report: dict[str, Any] = {
        "version": version.name,
        "created": "2026-01-02T03:04:05+00:00",
        "source": {"uri": "s3://bucket/cars/source/", "layout": "list", "files": ["a.lst"],
                   "left_alone": ["notes.txt"]},
        "settings": {"min_side": 16, "devkit": None},
        "counts": {"listed": len(images) + len(quarantined) + 1, "images": len(images),
                   "quarantined": len(quarantined), "deduplicated": 1, "classes": len(classes),
                   **counts},
    }  # fmt: skip
    picture = folder / "picture.jpg"
    picture.write_bytes(photo(1))
    page = DatasetPage(
        report=report,
        version=version,
        quarantined=quarantined,
        duplicates=[Duplicate("twin.jpg", "00", "photos/1.jpg", "train and test")],
        changes=compare(previous, version),
        leaks=leaks,
        picture=lambda key: None if key.startswith("gone") else picture,
    )
    write_dataset_page(folder / "report.html", page, threads=2)
    return (folder / "report.html").read_text()


IMAGES = [image(number, number % 2) for number in range(12)]


def test_the_page_loads_no_resources_and_escapes_all_values(tmp_path: Path) -> None:
    rows = [Quarantined(f"{HOSTILE}.jpg", None, "truncated", HOSTILE, None)]
    text = write(tmp_path, IMAGES, [HOSTILE, "b"], rows)
    assert HOSTILE not in text
    assert html.escape(HOSTILE) in text.replace("&#39;", "&#x27;")
    assert not re.findall(r"(?:src|href)=\"(?!data:image/)", text)
    assert "default-src 'none'" in text


def test_all_quarantined_photos_are_shown_with_their_reason(tmp_path: Path) -> None:
    """With pictures if their bytes are stored, otherwise as rows."""
    rows = [
        Quarantined(f"bad/{number}.jpg", None, "truncated", f"why {number}", key)
        for number, key in enumerate(["1.jpg", None, "gone.jpg", None])
    ]
    text = write(tmp_path, IMAGES, ["a", "b"], rows)
    for row in rows:
        assert text.count(f">{row.path}<") == 1
        assert f">{row.detail}<" in text
    assert text.count("no picture") == 1


def test_the_figures_add_up(tmp_path: Path) -> None:
    text = write(tmp_path, IMAGES, ["left", "right"])
    assert "12 images of 2 classes" in text
    for name in ("left", "right"):
        row = re.search(rf'title="{name}">.*?class="number">(\d+)<', text, re.DOTALL)
        assert row is not None
        assert row[1] == "6"
    assert '<b class="number">13</b><span class="soft">listed' in text


def test_a_similar_image_with_another_label_is_marked(tmp_path: Path) -> None:
    leaks = [
        Leak("photos/2.jpg", "photos/3.jpg", 1, "train"),  # labels 0 and 1
        Leak("photos/2.jpg", "photos/0.jpg", 2, "train"),  # label 0 both
    ]
    text = write(tmp_path, IMAGES, ["a", "b"], leaks=leaks)
    assert text.count("64 bits of their hashes differ") == 2
    assert text.count("their labels differ") == 1


def test_changes_are_shown_by_class(tmp_path: Path) -> None:
    before = Version([*IMAGES[:-2], image(99, 0)], ["a", "b"])
    text = write(tmp_path, IMAGES, ["a", "b"], previous=before)
    assert f"Since version {before.name}" in text
    assert '>2</b><span class="soft">added' in text
    assert "\N{MINUS SIGN}1" in text


def test_the_first_version_and_an_empty_quarantine_are_stated(tmp_path: Path) -> None:
    text = write(tmp_path, IMAGES, ["a", "b"])
    assert "This is the first version" in text
    assert "No photo is quarantined" in text
    assert "No test image is similar to" in text


@pytest.mark.parametrize("classes", [2, 196])
def test_all_classes_and_a_sample_of_each_are_shown(tmp_path: Path, classes: int) -> None:
    names = [f"kind {number}." for number in range(classes)]
    images = [image(number, number % classes) for number in range(3 * classes)]
    text = write(tmp_path, images, names)
    for name in names:
        assert f'title="{name}"' in text
        assert f"<b>{name}</b>" in text


def test_the_size_of_the_page_is_bounded(tmp_path: Path) -> None:
    """Ten times as many classes and quarantined photos; the page says what it shows."""
    names = [f"kind {number}." for number in range(5000)]
    images = [image(number, number) for number in range(5000)]
    refused = [Quarantined(f"bad {n}", None, "truncated", "why", None) for n in range(6000)]
    few = write(tmp_path, images[:500], names[:500], refused[:600])
    many = write(tmp_path, images, names, refused)
    assert len(many) < 1.01 * len(few)
    assert "300 of 5,000 shown, the largest classes; manifest.jsonl lists all images" in many
    assert "500 of 6,000 shown; quarantine.jsonl lists all" in many
    assert "400 of 5,000 shown: the same number of each class" in many


def test_long_lists_of_names_are_shortened(tmp_path: Path) -> None:
    before = Version(IMAGES, ["a", "b"])
    names = [f"kind {number}." for number in range(200)]
    text = write(tmp_path, [image(n, n) for n in range(200)], names, previous=before)
    listed = re.search(r"; new: ([^<]*);", text)
    assert listed is not None
    assert "and 170 more" in listed[1]


def test_bins_contain_every_number() -> None:
    numbers = [1.0, 2.0, 2.5, 100.0]
    for logarithmic in (False, True):
        bins = histogram(numbers, 5, logarithmic=logarithmic)
        assert sum(column.count for column in bins) == 4
        assert max(column.share for column in bins) == 1
        assert (bins[0].start, round(bins[-1].end, 6)) == (1.0, 100.0)
    assert [column.count for column in histogram([3.0, 3.0], 5)] == [2]
    assert histogram([], 5) == []
