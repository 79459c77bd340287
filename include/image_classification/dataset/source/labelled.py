"""Photos whose labels are rows of another file: rows and photos are matched by path."""

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
    """What a file of labels says of one photo.

    Attributes:
        where: The row, for a person: file and number.
        path: The photo's, within its set, in the form of `normal`; empty if the row names none.
        number: The class's, as the file counts.
        box: The part of the photo that shows the labelled thing, if the file says so.
        split: The part of the data that the file assigns it to, if it does.
        problem: Why the row cannot be used, or nothing.
    """

    where: str
    path: str
    number: int
    box: Box | None = None
    split: Split | None = None
    problem: tuple[Reason, str] | None = None


@dataclass(frozen=True)
class Listing:
    """The rows of one set of photos, sorted.

    Attributes:
        prefix: The set's name, with which the paths of its photos begin, or nothing.
        labelled: The rows to use, by path, with their labels in the version.
        refused: What becomes of the rows that cannot be used.
        named: All paths that have a row, also those of classes that are not wanted.
    """

    prefix: str
    labelled: Mapping[str, tuple[int, Row]]
    refused: Sequence[Quarantined]
    named: frozenset[str]

    def path(self, path: str) -> str:
        """A photo's path in the source."""
        return _in_set(self.prefix, path)


def sort_rows(prefix: str, rows: Iterable[Row], labels: Mapping[int, int | None]) -> Listing:
    """Sort the rows of a set: to use, to refuse, or of classes that are not wanted.

    Args:
        prefix: The set's name, or nothing.
        rows: All of its rows.
        labels: Each class number's label in the version, or None for a class not wanted. A number
            that is not there is out of range.
    """
    by_path: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_path[row.path or row.where].append(row)
    labelled: dict[str, tuple[int, Row]] = {}
    refused: list[Quarantined] = []
    for path, same in by_path.items():
        if all(labels.get(row.number, 0) is None for row in same):
            continue
        refusal = _refusal(same, labels)
        if refusal:
            refused += [Quarantined(_in_set(prefix, path), None, *refusal)] * len(same)
        else:
            labelled[path] = (labels[same[0].number] or 0, same[0])
            refused += [
                Quarantined(_in_set(prefix, path), None, "listed-twice", f"{row.where} is a repeat")
                for row in same[1:]
            ]
    return Listing(prefix, labelled, refused, frozenset(by_path))


def read_labelled(
    listing: Listing, found: Iterable[tuple[str, Member]], photos: str, labels: str
) -> Iterator[Photo | Quarantined]:
    """Yield each photo of a set, what is missing of it, and what is refused.

    Args:
        listing: The set's rows.
        found: The files that are there, with their paths within the set.
        photos: The name of the archive or folder that they are in.
        labels: The name of what labels them.
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
    # Last: a photo whose row is repeated is still the first of its path.
    yield from listing.refused


def _in_set(prefix: str, path: str) -> str:
    return f"{prefix}/{path}" if prefix else path


def _refusal(rows: list[Row], labels: Mapping[int, int | None]) -> tuple[Reason, str] | None:
    problem = next((row.problem for row in rows if row.problem), None)
    if problem:
        return problem
    said = " and ".join(f"{row.where} says class {row.number}" for row in rows)
    if len({row.number for row in rows}) > 1:
        return "conflicting-labels", said
    if rows[0].number not in labels:
        return "label-out-of-range", said
    return None
