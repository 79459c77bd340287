"""Layouts `csv`, `json_lines` and `path_label`: label files whose rows name photos."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from include.image_classification.container import CommandError
from include.image_classification.dataset.source.accounting import Accounting
from include.image_classification.dataset.source.classes import choose_classes
from include.image_classification.dataset.source.contract import Contents, Source
from include.image_classification.dataset.source.labelled import Matcher as PhotoMatcher
from include.image_classification.dataset.source.labelled import Row, sort_rows
from include.image_classification.dataset.source.members import source_members
from include.image_classification.dataset.source.split_names import held_out, split_in_path
from include.image_classification.dataset.source.survey import Survey, survey
from include.image_classification.dataset.tables.class_names import (
    describe_names,
    name_numbers,
    read_names,
)
from include.image_classification.dataset.tables.formats import TableFormat
from include.image_classification.dataset.tables.label_files import (
    SourceLabels,
    find_labels,
)
from include.image_classification.dataset.tables.matched_files import (
    MatchedFile,
    match_file,
    without_repeated,
)
from include.image_classification.dataset.tables.options import (
    LabelOptions,
)
from include.image_classification.dataset.tables.table import whole_number
from include.image_classification.dataset.tables.used_folders import UsedFolders, names_read
from include.image_classification.dataset.version.manifest import Quarantined
from include.image_classification.dataset.version.photo_check import Photo

_log = logging.getLogger(__name__)

UNKNOWN = -1


@dataclass(frozen=True)
class OpenedTables:
    """The label files of a source, matched with its photos.

    Attributes:
        names: The label files that are read, for messages.
        labels: The paths of label files and of the file with class names.
        read: All that is read: these files, archives, folders, and photos at the top.
        rows: All rows, with photos and class numbers.
        classes: The class names by number.
        used: The folders that hold labelled photos.
        notes: What was found, for users.
    """

    names: str
    labels: Sequence[str]
    read: Sequence[Path]
    rows: Sequence[Row]
    classes: Sequence[str]
    used: UsedFolders
    notes: Sequence[str]

    @property
    def held_out(self) -> bool:
        """Whether any photo is for validation or testing."""
        return any(row.split for row in self.rows)


def open_label_tables(
    folder: Path, selected_classes: str | None, options: LabelOptions, format_: TableFormat
) -> Source:
    """Open a source whose labels are in files of one format.

    Raises:
        CommandError: There is no label file, its columns or photos are ambiguous, or a selected
            class does not exist.
    """
    found = survey(folder)
    opened = read_label_tables(found, options, format_)
    classes = choose_classes(opened.classes, selected_classes)
    label_of = {name: label for label, name in enumerate(classes)}
    labels = {number: label_of.get(name) for number, name in enumerate(opened.classes)}
    accounting = Accounting(folder, _real_files(found, opened.labels))
    matcher = PhotoMatcher(
        sort_rows("", opened.rows, labels), "the source", opened.names, accounting
    )
    return Source(
        classes=classes,
        entries=_entries(found, frozenset(opened.labels), opened.used, matcher, accounting),
        files=names_read(found, opened.read),
        accounting=accounting,
        notes=opened.notes,
        held_out=opened.held_out,
    )


def inspect_label_tables(found: Survey, options: LabelOptions, format_: TableFormat) -> Contents:
    """Return what the layout reads of a source.

    Raises:
        CommandError: There is no label file, or its columns or photos are ambiguous.
    """
    opened = read_label_tables(found, options, format_)
    return Contents(opened.read, opened.held_out, opened.notes)


def read_label_tables(found: Survey, options: LabelOptions, format_: TableFormat) -> OpenedTables:
    """Read the label files of a source, and match their rows with its photos.

    Raises:
        CommandError: There is no label file, or its columns or photos are ambiguous.
    """
    labels = find_labels(found, options, [format_])
    files = labels.tables[format_.layout]
    if not files:
        raise CommandError(_no_labels(format_, labels))
    matched = without_repeated([match_file(file, labels.index) for file in files])
    classes, numbers, names_file = _classes(matched, labels.names)
    paths = [*(one.name for one in matched), *([names_file] if names_file else [])]
    used = UsedFolders(photo for one in matched for photo in one.photos if photo is not None)
    return OpenedTables(
        names=" and ".join(one.name for one in matched),
        labels=paths,
        read=used.files_read(found, labels.index, paths),
        rows=[row for one in matched for row in _source_rows(one, numbers, classes)],
        classes=classes,
        used=used,
        notes=[*(one.note() for one in matched), *describe_names(names_file, classes)],
    )


def _real_files(found: Survey, paths: Sequence[str]) -> list[Path]:
    """Return the paths of files that are not in an archive."""
    return [path for name in paths if (path := found.folder / name).is_file()]


def _classes(
    files: Sequence[MatchedFile], names_files: Mapping[str, bytes]
) -> tuple[list[str], dict[str, int], str | None]:
    """Return the classes in order, their number by label, and the file with their names."""
    labels = {row.label for file in files for row in file.rows if row.label}
    own = {number: name for file in files for number, name in file.file[0].class_names.items()}
    numbers = {label: whole_number(label) for label in labels}
    if not labels or None in numbers.values():
        names = sorted(labels)
        return names, {name: number for number, name in enumerate(names)}, None
    if own:
        return *_named(numbers, own), None
    if names_files:
        name, content = _one_names_file(names_files)
        whole = {number for number in numbers.values() if number is not None}
        return *_named(numbers, name_numbers(whole, content, name)), name
    names = [str(number) for number in sorted({number or 0 for number in numbers.values()})]
    return names, {label: names.index(str(number)) for label, number in numbers.items()}, None


def _named(
    numbers: Mapping[str, int | None], names: Mapping[int, str]
) -> tuple[list[str], dict[str, int]]:
    ordered = sorted(names)
    position = {number: index for index, number in enumerate(ordered)}
    known = {label: position.get(number or 0, UNKNOWN) for label, number in numbers.items()}
    return [names[number] for number in ordered], known


def _one_names_file(
    files: Mapping[str, bytes],
) -> tuple[str, Sequence[str] | Mapping[int, str]]:
    contents = {name: read_names(name, data) for name, data in sorted(files.items())}
    first = next(iter(contents))
    if any(content != contents[first] for content in contents.values()):
        names = " and ".join(sorted(contents)[:3])
        raise CommandError(f"there are several files of class names, {names}; keep one of them")
    return first, contents[first]


def _source_rows(
    file: MatchedFile, numbers: Mapping[str, int], classes: Sequence[str]
) -> Iterator[Row]:
    for row, photo in zip(file.rows, file.photos, strict=True):
        split = row.part or split_in_path(photo.split("/")[:-1] if photo else [])
        number = UNKNOWN if row.problem else numbers.get(row.label, UNKNOWN)
        name = classes[number] if number != UNKNOWN else row.label
        path = photo or row.path
        yield Row(row.position, path, number, row.box, held_out(split), row.problem, name)


def _entries(
    found: Survey,
    labels: frozenset[str],
    used: UsedFolders,
    matcher: PhotoMatcher,
    accounting: Accounting,
) -> Iterator[Photo | Quarantined]:
    for path, member in source_members(found, accounting):
        if path in labels:
            accounting.take_label()
        elif used.has(path):
            entry = matcher.match(path, member)
            if entry is not None:
                yield entry
    yield from matcher.rest()


def _no_labels(format_: TableFormat, labels: SourceLabels) -> str:
    problems = labels.problems.get(format_.layout, [])
    if not problems:
        return f"the source has no {' or '.join(format_.suffixes)} file with labels; add one"
    more = f" ({len(problems) - 1} more files)" if len(problems) > 1 else ""
    return f"{problems[0]}{more}"
