"""The HTML page of a dataset version: images, quarantine, changes, leakage."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from include.contracts.dataset import SPLITS
from include.image_classification.dataset.version.changes import Changes
from include.image_classification.dataset.version.label_outcomes import LabelResult
from include.image_classification.dataset.version.leakage import Leak
from include.image_classification.dataset.version.manifest import (
    Duplicate,
    Image,
    Quarantined,
    Version,
)
from include.image_classification.dataset.version.pictures import (
    LOOK_ALIKES,
    choose_refused,
    choose_samples,
)
from include.image_classification.pages.histogram import histogram
from include.image_classification.pages.page import render
from include.image_classification.pages.thumbnails import make_thumbnail
from include.image_classification.threads import ordered_threads

WIDTH, HEIGHT = 168, 112
BINS = 28
CHANGES_SHOWN = 40
REFUSED_LISTED = 500
LABELS_LISTED = 500
CLASSES_LISTED = 300
NAMES_LISTED = 30
"""The page shows a part of long lists, so that its size is bounded, and says of how many."""

Picture = Callable[[str], Path | None]
"""Returns the path of an image or a quarantined photo by its key; None if it is not available."""


@dataclass(frozen=True)
class DatasetPage:
    """The content of the page.

    Attributes:
        report: The version's dataset.json.
        version: The images and classes.
        quarantined: The quarantined entries.
        duplicates: The duplicates.
        changes: The differences to the previous version.
        leaks: Test images that are similar to other images.
        picture: Returns the path of an image to show.
        labels: What became of the labels of users.
    """

    report: Mapping[str, Any]
    version: Version
    quarantined: Sequence[Quarantined]
    duplicates: Sequence[Duplicate]
    changes: Changes
    leaks: Sequence[Leak]
    picture: Picture
    labels: LabelResult = field(default_factory=LabelResult)


def write_dataset_page(path: Path, page: DatasetPage, threads: int) -> None:
    """Write the page as one self-contained file; thumbnails are made by several threads."""
    version = page.version
    shown = choose_samples(version.images, len(version.classes))
    sheet = choose_refused(page.quarantined)
    leaks = _leaks(page)
    keys = [image.key for image in shown]
    keys += [row.key for row in sheet if row.key]
    keys += [image.key for _, *pair in leaks for image in pair]
    pictures = dict(_thumbnails(keys, page.picture, threads))
    text = render(
        "dataset.html.jinja",
        **_figures(page),
        classes=_classes(version),
        shapes=_shapes(version.images),
        samples=[
            (version.classes[image.label], image.split, image.path, pictures[image.key])
            for image in shown
        ],
        reasons=Counter(row.reason for row in page.quarantined).most_common(),
        sheet=[(row, pictures[row.key or ""]) for row in sheet],
        listed=list(islice(_not_in(sheet, page.quarantined), REFUSED_LISTED)),
        leaks=[
            (leak, [(_name(version, image), image.split, pictures[image.key]) for image in pair])
            for leak, *pair in leaks
        ],
    )
    path.write_text(text, encoding="utf-8", errors="replace")


def _not_in(sheet: Sequence[Quarantined], rows: Sequence[Quarantined]) -> Iterator[Quarantined]:
    shown = frozenset(sheet)
    return (row for row in rows if row not in shown)


def _name(version: Version, image: Image) -> str:
    return version.classes[image.label]


def _thumbnails(
    keys: Iterable[str], picture: Picture, threads: int
) -> Iterator[tuple[str, str | None]]:
    def draw(key: str) -> tuple[str, str | None]:
        path = picture(key)
        return key, make_thumbnail(path, WIDTH, HEIGHT) if path else None

    return ordered_threads(draw, keys, threads)


def _figures(page: DatasetPage) -> dict[str, Any]:
    """Return the figures from the report and the differences to the previous version."""
    changes = page.changes
    return {
        "report": page.report,
        "counts": page.report["counts"],
        "splits": SPLITS,
        "changes": changes,
        "new_classes": _name_list(changes.new_classes),
        "gone_classes": _name_list(changes.gone_classes),
        "source_files": _name_list(page.report["source"]["files"]),
        "left_alone": _name_list(page.report["source"]["left_alone"]),
        "changed_classes": sorted(
            changes.classes, key=lambda change: (-change.added - change.removed, change.name)
        )[:CHANGES_SHOWN],
        "relabelled": changes.relabelled[:CHANGES_SHOWN],
        "leak_count": len(page.leaks),
        "similar_tests": len({leak.test for leak in page.leaks}),
        "duplicates": page.duplicates[:CHANGES_SHOWN],
        "labels": page.labels,
        "label_counts": page.labels.counts(),
        "new_labels": page.labels.counts(only_new=True),
        "label_rows": len(page.labels.outcomes),
        "labelled": page.labels.outcomes[:LABELS_LISTED],
    }


def _name_list(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMES_LISTED} more" if len(names) > NAMES_LISTED else ""
    return ", ".join(names[:NAMES_LISTED]) + more


def _classes(version: Version) -> dict[str, Any]:
    """Return the classes by size, the largest first."""
    counts = Counter((image.label, image.split) for image in version.images)
    totals = Counter(image.label for image in version.images)
    rows = [
        {
            "name": version.classes[label],
            "total": total,
            "parts": {split: counts[label, split] for split in SPLITS},
        }
        for label, total in sorted(totals.items(), key=lambda item: (-item[1], item[0]))
    ]
    sizes = sorted(totals.values())
    return {
        "rows": rows[:CLASSES_LISTED],
        "count": len(rows),
        "most": sizes[-1],
        "least": sizes[0],
        "median": sizes[len(sizes) // 2],
    }


def _shapes(images: Sequence[Image]) -> list[dict[str, Any]]:
    """Return the histograms of image sizes and aspect ratios."""
    count = len(images)
    sides = np.fromiter((min(image.width, image.height) for image in images), float, count)
    aspects = np.fromiter((image.width / image.height for image in images), float, count)
    return [
        {"title": "Shorter side", "unit": "px", "digits": 0, "median": _median(sides),
         "bins": histogram(sides, BINS, logarithmic=sides.max() > 4 * sides.min())},
        {"title": "Width / height", "unit": "", "digits": 2, "median": _median(aspects),
         "bins": histogram(aspects, BINS, logarithmic=aspects.max() > 4 * aspects.min())},
    ]  # fmt: skip


def _leaks(page: DatasetPage) -> list[tuple[Leak, Image, Image]]:
    shown = page.leaks[:LOOK_ALIKES]
    named = {leak.test for leak in shown} | {leak.train for leak in shown}
    by_path = {image.path: image for image in page.version.images if image.path in named}
    return [(leak, by_path[leak.test], by_path[leak.train]) for leak in shown]


def _median(numbers: NDArray[Any]) -> float:
    middle = len(numbers) // 2
    return float(np.partition(numbers, middle)[middle])
