"""The label files of a source: found by their content, with the roles of their columns."""

import posixpath
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from include.image_classification.container import CommandError
from include.image_classification.dataset.archives.member import Member, MemberError
from include.image_classification.dataset.source.accounting import Accounting
from include.image_classification.dataset.source.file_kinds import is_photo
from include.image_classification.dataset.source.members import source_members
from include.image_classification.dataset.source.survey import Survey
from include.image_classification.dataset.tables.class_names import is_names_file
from include.image_classification.dataset.tables.columns import Columns, ColumnsError, find_roles
from include.image_classification.dataset.tables.formats import FORMATS, TableFormat
from include.image_classification.dataset.tables.options import FILES_SETTING, LabelOptions
from include.image_classification.dataset.tables.photo_index import PhotoIndex, index_photos
from include.image_classification.dataset.tables.table import Table

MAX_SIMILAR = 200
"""More files of one kind in one folder are not label files: each may annotate one photo."""

LabelFile = tuple[Table, Columns]


@dataclass
class SourceLabels:
    """The photos and label files of a source.

    Attributes:
        index: The photos by name.
        tables: The label files by layout.
        problems: Why other files of a layout are none, by layout.
        names: The bytes of files of class names, by path.
    """

    index: PhotoIndex
    tables: dict[str, list[LabelFile]] = field(default_factory=dict)
    problems: dict[str, list[str]] = field(default_factory=dict)
    names: dict[str, bytes] = field(default_factory=dict)


def find_labels(
    found: Survey, options: LabelOptions, formats: Sequence[TableFormat] = FORMATS
) -> SourceLabels:
    """Find the label files of a source: those whose rows name photos and have a class.

    Raises:
        CommandError: A label file is damaged, or a file in the settings does not exist.
    """
    contents: dict[str, dict[str, bytes]] = {format_.layout: {} for format_ in formats}
    names: dict[str, bytes] = {}
    photos: list[str] = []
    similar: Counter[tuple[str, str]] = Counter()
    for path, member in source_members(found, Accounting(found.folder)):
        if is_photo(member):
            photos.append(path)
            continue
        similar[posixpath.dirname(path), posixpath.splitext(path)[1]] += 1
        if similar[posixpath.dirname(path), posixpath.splitext(path)[1]] > MAX_SIMILAR:
            continue
        if is_names_file(path) and path not in options.files:
            names[path] = _read(path, member)
        for format_ in formats:
            if format_.accepts(path, options) and not member.problem:
                contents[format_.layout][path] = _read(path, member)
    if any(format_.suffixes for format_ in formats):
        _check_exist(options, contents.values())
    labels = SourceLabels(index_photos(iter(photos)), names=names)
    for format_ in formats:
        _add_tables(labels, format_, contents[format_.layout], options)
    return labels


def _add_tables(
    labels: SourceLabels, format_: TableFormat, files: dict[str, bytes], options: LabelOptions
) -> None:
    tables = labels.tables.setdefault(format_.layout, [])
    problems = labels.problems.setdefault(format_.layout, [])
    for name, table in format_.tables(files, labels.index.knows, options):
        if table is None:
            problems.append(f"{name} has no rows with a file and a class")
            continue
        try:
            tables.append((table, find_roles(table, labels.index.knows, options.columns)))
        except ColumnsError as error:
            if options.files:
                raise CommandError(str(error)) from error
            problems.append(str(error))


def _read(path: str, member: Member) -> bytes:
    try:
        return member.read()
    except MemberError as error:
        raise CommandError(f"the label file {path} cannot be read: {error}") from error


def _check_exist(options: LabelOptions, contents: Iterable[dict[str, bytes]]) -> None:
    existing = {name for files in contents for name in files}
    for name in options.files:
        if name not in existing:
            raise CommandError(
                f"{FILES_SETTING} names {name!r}, but the source has no such label file; give its"
                " path in the source"
            )
