"""Photos with labels in a separate file: rows and photos are matched by path."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from include.contracts.dataset import Box, Reason, Split
from include.image_classification.dataset.archives.member import Member
from include.image_classification.dataset.source.contract import read_member
from include.image_classification.dataset.source.survey import is_photo_name
from include.image_classification.dataset.version.manifest import Quarantined
from include.image_classification.dataset.version.photo_check import Photo


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a label file.

    Attributes:
        position: The file and the number of the row, for messages.
        path: The photo's path in its set, normalized by `normalize`; empty if the row has no path.
        number: The number of the class in the file.
        box: The bounding box of the labelled object, if the file has one.
        split: The split that the file assigns, if any.
        problem: Why the row cannot be used, or None.
    """

    position: str
    path: str
    number: int
    box: Box | None = None
    split: Split | None = None
    problem: tuple[Reason, str] | None = None


@dataclass(frozen=True)
class Listing:
    """The rows of one set of photos.

    Attributes:
        prefix: The set's name, which is the first part of the photos' paths, or "".
        labelled: The usable rows by path, with their labels in the version.
        refused: The quarantine entries of unusable rows.
        named: All paths that have a row, including those of classes that are not selected.
    """

    prefix: str
    labelled: Mapping[str, tuple[int, Row]]
    refused: Sequence[Quarantined]
    named: frozenset[str]

    def path(self, path: str) -> str:
        """Return a photo's path in the source."""
        return _in_set(self.prefix, path)


def sort_rows(prefix: str, rows: Iterable[Row], labels: Mapping[int, int | None]) -> Listing:
    """Divide the rows of a set into usable rows, unusable rows, and rows of other classes.

    Args:
        prefix: The set's name, or "".
        rows: All rows of the set.
        labels: The label in the version by class number, or None for a class that is not selected.
            A number that is not a key is out of range.
    """
    by_path: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_path[row.path or row.position].append(row)
    labelled: dict[str, tuple[int, Row]] = {}
    refused: list[Quarantined] = []
    for path, path_rows in by_path.items():
        if all(labels.get(row.number, 0) is None for row in path_rows):
            continue
        refusal = _refusal(path_rows, labels)
        if refusal:
            refused += [Quarantined(_in_set(prefix, path), None, *refusal)] * len(path_rows)
        else:
            labelled[path] = (labels[path_rows[0].number] or 0, path_rows[0])
            refused += [
                Quarantined(
                    _in_set(prefix, path), None, "listed-twice", f"{row.position} repeats it"
                )
                for row in path_rows[1:]
            ]
    return Listing(prefix, labelled, refused, frozenset(by_path))


def read_labelled(
    listing: Listing, found: Iterable[tuple[str, Member]], photos: str, labels: str
) -> Iterator[Photo | Quarantined]:
    """Yield the photos of a set, and quarantine entries for missing and unusable ones.

    Args:
        listing: The set's rows.
        found: The existing files, with their paths in the set.
        photos: The name of the archive or folder of photos, for messages.
        labels: The name of the label files, for messages.
    """
    missing = set(listing.labelled)
    for path, member in found:
        if path in listing.labelled:
            missing.discard(path)
            label, row = listing.labelled[path]
            yield read_member(listing.path(path), label, member, row.box, row.split)
        elif path not in listing.named and is_photo_name(path):
            detail = f"{labels} has no label for it"
            yield Quarantined(listing.path(path), None, "unlisted-file", detail)
    for path in sorted(missing):
        yield Quarantined(listing.path(path), None, "missing-file", f"it is not in {photos}")
    # Last, so that a photo with a repeated row is the first entry with its path.
    yield from listing.refused


def _in_set(prefix: str, path: str) -> str:
    return f"{prefix}/{path}" if prefix else path


def _refusal(rows: list[Row], labels: Mapping[int, int | None]) -> tuple[Reason, str] | None:
    problem = next((row.problem for row in rows if row.problem), None)
    if problem:
        return problem
    classes = " and ".join(f"{row.position} says class {row.number}" for row in rows)
    if len({row.number for row in rows}) > 1:
        return "conflicting-labels", classes
    if rows[0].number not in labels:
        return "label-out-of-range", classes
    return None
