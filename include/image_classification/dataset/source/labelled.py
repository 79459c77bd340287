"""Photos with labels in a separate file: rows and photos are matched by path."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from include.contracts.dataset import Box, Reason, Split
from include.image_classification.dataset.archives.member import Member
from include.image_classification.dataset.source.accounting import Accounting
from include.image_classification.dataset.source.contract import read_member
from include.image_classification.dataset.source.file_kinds import is_photo
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
        name: The class as the file has it, for messages; None for the number.
    """

    position: str
    path: str
    number: int
    box: Box | None = None
    split: Split | None = None
    problem: tuple[Reason, str] | None = None
    name: str | None = None

    @property
    def class_text(self) -> str:
        """The class for messages."""
        return str(self.number) if self.name is None else repr(self.name)


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


class Matcher:
    """Matches the files of a set with its rows.

    Args:
        listing: The set's rows.
        photos: The name of the archive or folder of photos, for messages.
        labels: The name of the label files, for messages.
        accounting: The account of the source, whose members the files are.
    """

    def __init__(self, listing: Listing, photos: str, labels: str, accounting: Accounting) -> None:
        self._listing = listing
        self._photos = photos
        self._labels = labels
        self._accounting = accounting
        self._missing = set(listing.labelled)
        self._refused = {row.path for row in listing.refused}

    def match(self, path: str, member: Member) -> Photo | Quarantined | None:
        """Return the entry of a file with this path in the set.

        Returns:
            None for files of classes that are not selected, files without a row that are no photos,
            and files whose rows are all unusable, which `rest` quarantines.
        """
        listing = self._listing
        if path in listing.labelled:
            self._missing.discard(path)
            self._accounting.take()
            label, row = listing.labelled[path]
            return read_member(listing.path(path), label, member, row.box, row.split)
        if listing.path(path) in self._refused:
            self._accounting.take()
        elif path not in listing.named and is_photo(member):
            self._accounting.take()
            detail = f"{self._labels} has no label for it"
            return Quarantined(listing.path(path), None, "unlisted-file", detail)
        return None

    def rest(self) -> Iterator[Quarantined]:
        """Yield the rows without a photo and the unusable rows.

        Call it last, so that a photo with a repeated row is the first entry with its path.
        """
        for path in sorted(self._missing):
            detail = f"it is not in {self._photos}"
            yield Quarantined(self._listing.path(path), None, "missing-file", detail)
        yield from self._listing.refused


def read_labelled(
    listing: Listing,
    found: Iterable[tuple[str, Member]],
    photos: str,
    labels: str,
    accounting: Accounting,
) -> Iterator[Photo | Quarantined]:
    """Yield the photos of one set, and quarantine entries for missing and unusable ones.

    Args:
        listing: The set's rows.
        found: The existing files, from `accounting.members`, with their paths in the set.
        photos: See `Matcher`.
        labels: See `Matcher`.
        accounting: See `Matcher`.
    """
    matcher = Matcher(listing, photos, labels, accounting)
    for path, member in found:
        entry = matcher.match(path, member)
        if entry is not None:
            yield entry
    yield from matcher.rest()


def _in_set(prefix: str, path: str) -> str:
    return f"{prefix}/{path}" if prefix else path


def _refusal(rows: list[Row], labels: Mapping[int, int | None]) -> tuple[Reason, str] | None:
    problem = next((row.problem for row in rows if row.problem), None)
    if problem:
        return problem
    classes = " and ".join(f"{row.position} says class {row.class_text}" for row in rows)
    if len({row.number for row in rows}) > 1:
        return "conflicting-labels", classes
    if rows[0].number not in labels:
        return "label-out-of-range", classes
    return None
