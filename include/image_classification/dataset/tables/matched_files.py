"""Label files matched with the photos of the source."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from include.image_classification.container import CommandError
from include.image_classification.dataset.tables.label_files import LabelFile
from include.image_classification.dataset.tables.label_rows import LabelRow, label_rows
from include.image_classification.dataset.tables.matching import Matcher
from include.image_classification.dataset.tables.options import FILES_SETTING, SETTING
from include.image_classification.dataset.tables.photo_index import PhotoIndex

_log = logging.getLogger(__name__)

MANY_CLASSES = 20


@dataclass(frozen=True)
class MatchedFile:
    """A label file, its rows, and the photo of each row (None for a missing one)."""

    file: LabelFile
    rows: Sequence[LabelRow]
    photos: Sequence[str | None]

    @property
    def name(self) -> str:
        """The file's path in the source."""
        return self.file[0].name

    def note(self) -> str:
        """Return which columns are read, for users."""
        return f"labels in {self.name}: {self.file[1].describe(self.file[0])}"

    def labels(self) -> dict[str, str]:
        """Return the labels by photo."""
        return {
            photo: row.label
            for row, photo in zip(self.rows, self.photos, strict=True)
            if photo is not None
        }


def match_file(file: LabelFile, index: PhotoIndex) -> MatchedFile:
    """Return a label file's rows with their photos.

    Raises:
        CommandError: A path may be several photos, or no row names a photo of the source.
    """
    table, columns = file
    rows = list(label_rows(table, columns))
    safe = [row.path for row in rows if row.path and row.problem is None]
    matcher = Matcher(index, table.name, safe, table.folder)
    photos = [matcher.find(row.path) if row.path and not _unsafe(row) else None for row in rows]
    if not any(photos):
        path = next((row.path for row in rows if row.path), "")
        raise CommandError(
            f"no photo that {table.name} names is in the source, for example {path!r}; add the"
            f" photos, or name the column of paths in {SETTING}"
        )
    _check_label_column(file, rows)
    return MatchedFile(file, rows, photos)


def _unsafe(row: LabelRow) -> bool:
    return row.problem is not None and row.problem[0] == "unsafe-member"


def _check_label_column(file: LabelFile, rows: Sequence[LabelRow]) -> None:
    table, columns = file
    found = {row.label for row in rows if row.label}
    if not columns.certain and len(found) > MANY_CLASSES and 2 * len(found) > len(rows):
        raise CommandError(
            f"column {table.columns[columns.label or 0]} of {table.name} has {len(found)} different"
            f" values in {len(rows)} rows, so it does not hold classes; the file has"
            f" {table.described()}; name the one with the classes in {SETTING}"
        )


def without_repeated(files: Sequence[MatchedFile]) -> list[MatchedFile]:
    """Return the label files without those that only repeat the labels of others.

    Raises:
        CommandError: Two files label the same photos differently.
    """
    known: dict[str, str] = {}
    kept: list[MatchedFile] = []
    for file in sorted(files, key=lambda one: (-len(one.rows), one.name)):
        labels = file.labels()
        shared = [photo for photo in labels if photo in known]
        different = sum(labels[photo] != known[photo] for photo in shared)
        if 2 * len(shared) > len(labels) and 2 * different > len(shared):
            names = " and ".join(sorted([file.name, *(one.name for one in kept)])[:3])
            raise CommandError(
                f"{names} label the same photos differently; name the right file in {FILES_SETTING}"
            )
        if len(shared) == len(labels) and not different and kept:
            _log.info("%s is left alone: it repeats the labels of %s", file.name, kept[0].name)
            continue
        known.update(labels)
        kept.append(file)
    return sorted(kept, key=lambda one: one.name)
