"""Sources for tests of label files, and what becomes of each of their photos."""

from collections.abc import Mapping
from pathlib import Path

from include.contracts.dataset import Box
from include.image_classification.dataset.layouts import open_layout
from include.image_classification.dataset.source.contract import Source
from include.image_classification.dataset.tables.options import LabelOptions
from include.image_classification.dataset.version.manifest import Quarantined
from include.image_classification.dataset.version.photo_check import Photo
from tests.include.image_classification.dataset.sample_sources import photo

Found = dict[str, tuple[str, str | None]]


def put(folder: Path, *names: str) -> None:
    """Write different photos."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(photo(sum(map(ord, name)) * 31 + len(name)))


def write(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Write text files."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        data = content.encode() if isinstance(content, str) else content
        (folder / name).write_bytes(data)


def opened(
    folder: Path,
    layout: str = "csv",
    classes: str | None = None,
    options: LabelOptions = LabelOptions(),  # noqa: B008, it is immutable
) -> Source:
    """Open a source."""
    return open_layout(layout, folder, classes, None, options)


def listed(
    folder: Path,
    layout: str = "csv",
    classes: str | None = None,
    options: LabelOptions = LabelOptions(),  # noqa: B008, it is immutable
) -> Found:
    """Return the class or the first quarantine reason of each path, and its split."""
    source = opened(folder, layout, classes, options)
    found: Found = {}
    for entry in source.entries:
        if isinstance(entry, Quarantined):
            found.setdefault(entry.path, (entry.reason, None))
        else:
            assert entry.path not in found, "a photo after another of its path would be lost"
            found[entry.path] = source.classes[entry.label], entry.split
    return found


def boxes(folder: Path, layout: str = "csv") -> dict[str, Box | None]:
    """Return the box of each photo."""
    return {
        entry.path: entry.box
        for entry in opened(folder, layout).entries
        if not isinstance(entry, Quarantined)
    }


def left_alone(folder: Path, layout: str = "csv") -> list[str]:
    """Return what is left alone, after a check that every file is accounted for."""
    source = opened(folder, layout)
    entries = list(source.entries)
    counts = source.accounting.counts(sum(isinstance(entry, Photo) for entry in entries))
    assert counts["found"] == sum(count for name, count in counts.items() if name != "found")
    return source.left_alone
