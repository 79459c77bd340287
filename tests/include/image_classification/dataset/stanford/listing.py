"""Sources in Stanford's layout, and the entries that they list."""

from pathlib import Path

from include.image_classification.dataset.stanford.layout import open_stanford_cars
from include.image_classification.dataset.version.manifest import Quarantined
from tests.include.image_classification.dataset.sample_sources import (
    devkit,
    photo,
    tgz,
)

CLASSES = ["Audi", "BMW"]


def listed(folder: Path, wanted: str | None = None) -> list[tuple[str, str]]:
    """Return the class or the quarantine reason of each path, sorted."""
    source = open_stanford_cars(folder, wanted)
    return sorted(
        (
            entry.path,
            entry.reason if isinstance(entry, Quarantined) else source.classes[entry.label],
        )
        for entry in source.entries
    )


def labelled(folder: Path, rows: list[tuple[str, int]], photos: list[str]) -> Path:
    tgz(
        folder / "cars_train.tgz", {f"cars_train/{name}": photo(i) for i, name in enumerate(photos)}
    )
    devkit(folder, rows, CLASSES)
    return folder
