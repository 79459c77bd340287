"""Layout `parquet`: photos and labels in Parquet files, or labels in a metadata.parquet.

The files are those of Hugging Face's datasets: an image column with the photo's bytes, a label
column, one split for each name of files (`data/train-00000-of-00002.parquet`) or folder.
"""

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from include.contracts.dataset import Split
from include.image_classification.container import CommandError
from include.image_classification.dataset.parquet.archived import SUFFIX, copy_parquet_files
from include.image_classification.dataset.parquet.class_names import (
    ClassNames,
    find_class_names,
)
from include.image_classification.dataset.parquet.columns import (
    PhotoColumns,
    find_photo_columns,
    holds_photos,
)
from include.image_classification.dataset.parquet.shards import (
    Shard,
    class_of,
    metadata_table,
    open_shard,
    quoted,
    read_rows,
)
from include.image_classification.dataset.source.accounting import Accounting
from include.image_classification.dataset.source.classes import choose_classes
from include.image_classification.dataset.source.contract import (
    MAX_PHOTO_BYTES,
    Contents,
    Source,
)
from include.image_classification.dataset.source.members import archive_folder, archived_path
from include.image_classification.dataset.source.split_names import (
    held_out,
    split_in_name,
    split_in_path,
)
from include.image_classification.dataset.source.survey import Survey, resolve_inside, survey
from include.image_classification.dataset.tables.class_names import describe_names
from include.image_classification.dataset.tables.formats import TableFormat
from include.image_classification.dataset.tables.label_tables import (
    inspect_label_tables,
    open_label_tables,
)
from include.image_classification.dataset.tables.options import FILES_SETTING, LabelOptions
from include.image_classification.dataset.tables.table import Table, cell_text
from include.image_classification.dataset.version.manifest import Quarantined
from include.image_classification.dataset.version.photo_check import Photo


@dataclass(frozen=True)
class PhotoShard:
    """A file with photos, and its columns."""

    shard: Shard
    columns: PhotoColumns


def open_parquet(folder: Path, selected_classes: str | None, options: LabelOptions) -> Source:
    """Open a source of Parquet files with photos; classes are in the order of their ClassLabel.

    Raises:
        CommandError: There are no such files, one is damaged, its columns are ambiguous, or a
            selected class does not exist.
    """
    found = survey(folder)
    shards = open_shards(found, options)
    if not shards:
        raise CommandError("the source has no Parquet file; add one with photos or labels")
    if not any(holds_photos(shard, options.columns) for shard in shards):
        return open_label_tables(folder, selected_classes, options, metadata_format(shards))
    files = _photo_shards(shards, options)
    names = find_class_names(found, [(one.shard, one.columns.label) for one in files])
    classes = choose_classes(names.classes, selected_classes)
    labels: dict[str, int | None] = dict.fromkeys(names.classes)
    labels |= {name: label for label, name in enumerate(classes)}
    read = _read(files)
    accounting = Accounting(folder, [names.file] if names.file else [])
    _account(found, files, read, accounting)
    return Source(
        classes=classes,
        entries=(
            entry for one in files for entry in _entries(one, names.by_number, labels, accounting)
        ),
        files=[found.name(path) for path in _with_names(read, names)],
        accounting=accounting,
        notes=_notes(found, files, names),
        held_out=_holds_out(files),
    )


def inspect_parquet(found: Survey, options: LabelOptions) -> Contents:
    """Return what the layout reads of a source.

    Raises:
        CommandError: There are no such files, one is damaged, or its columns are ambiguous.
    """
    shards = open_shards(found, options)
    if not any(holds_photos(shard, options.columns) for shard in shards):
        return inspect_label_tables(found, options, metadata_format(shards))
    files = _photo_shards(shards, options)
    names = find_class_names(found, [(one.shard, one.columns.label) for one in files])
    read = _with_names(_read(files), names)
    return Contents(read, _holds_out(files), _notes(found, files, names))


def _read(files: Sequence[PhotoShard]) -> list[Path]:
    """Return the files and archives that are read, each once."""
    return list(dict.fromkeys(one.shard.read for one in files))


def _with_names(read: Sequence[Path], names: ClassNames) -> list[Path]:
    return [*read, *([names.file] if names.file else [])]


def _account(
    found: Survey, files: Sequence[PhotoShard], read: Sequence[Path], accounting: Accounting
) -> None:
    """Count all files but those whose rows are counted as they are read."""
    accounting.leave_rest(read)
    names = {one.shard.name for one in files}
    for archive in (path for path in found.archives if path in read):
        folder = archive_folder(found, archive)
        for member in accounting.members(archive):
            if archived_path(folder, member.path) in names:
                accounting.take_container()


def _holds_out(files: Sequence[PhotoShard]) -> bool:
    return any(one.columns.split or held_out(_file_split(one.shard)) for one in files)


def _file_split(shard: Shard) -> Split | None:
    return split_in_name(shard.stem) or split_in_path(shard.name.split("/")[:-1])


def _notes(found: Survey, files: Sequence[PhotoShard], names: ClassNames) -> list[str]:
    first = files[0]
    columns = f"photos in {first.columns.image}, classes in {first.columns.label}"
    rows = sum(one.shard.rows for one in files)
    file = found.name(names.file) if names.file else None
    return [
        f"{rows} rows in {len(files)} Parquet files, as {first.shard.name}: {columns}",
        *describe_names(file, names.classes),
    ]


def open_shards(found: Survey, options: LabelOptions) -> list[Shard]:
    """Return the Parquet files of a source, also in archives, or those of the settings.

    Raises:
        CommandError: A file or archive is damaged, or a file in the settings does not exist.
    """
    archived = {shard.name: shard for shard in archived_shards(found)}
    if options.files:
        return [archived.get(name) or _named_shard(found, name) for name in options.files]
    paths = found.labels_with(SUFFIX)
    return [*(open_shard(path, found.name(path)) for path in paths), *archived.values()]


def archived_shards(found: Survey) -> Iterator[Shard]:
    """Yield the Parquet files in the archives of a source.

    Raises:
        CommandError: See `copy_parquet_files`; or a file is damaged.
    """
    for archive in found.archives:
        copies, folder = copy_parquet_files(archive), archive_folder(found, archive)
        for member, copy in zip(copies.members, copies.files, strict=True):
            shard = open_shard(copy, archived_path(folder, member))
            yield replace(shard, archive=archive, copies=copies)


def _named_shard(found: Survey, name: str) -> Shard:
    path = resolve_inside(found.folder, name, FILES_SETTING)
    return open_shard(path, found.name(path))


def metadata_format(shards: Sequence[Shard]) -> TableFormat:
    """Return Parquet files without photos as a format of label files."""

    def tables(*_: Any) -> Iterator[tuple[str, Table]]:
        for shard in shards:
            yield shard.name, metadata_table(shard)

    return TableFormat("parquet", (), tables)


def _photo_shards(shards: Sequence[Shard], options: LabelOptions) -> list[PhotoShard]:
    result = []
    for shard in shards:
        if options.files or holds_photos(shard, options.columns):
            result.append(PhotoShard(shard, find_photo_columns(shard, options.columns)))
    return result


def _entries(
    one: PhotoShard,
    names: Sequence[str],
    labels: Mapping[str, int | None],
    accounting: Accounting,
) -> Iterator[Photo | Quarantined]:
    columns = one.columns
    split = quoted(columns.split) if columns.split else "NULL"
    file_split = _file_split(one.shard)
    # The photo last: a row of a class that is not selected need not be read.
    expressions = [quoted(columns.label), columns.path, split, columns.image]
    for number, value, name, own, data in read_rows(one.shard, expressions):
        path = f"{one.shard.name}/{number:06}"
        if isinstance(name, str) and posixpath.basename(name.replace("\\", "/")):
            path += f"/{posixpath.basename(name.replace(chr(92), '/'))}"
        row_split = split_in_name(cell_text(own)) or file_split
        entry = _entry(path, class_of(value, names), data, held_out(row_split), labels)
        accounting.count_row(path, entry is not None)
        if entry is not None:
            yield entry


def _entry(
    path: str, name: str, data: Any, split: Split | None, labels: Mapping[str, int | None]
) -> Photo | Quarantined | None:
    if name == "" or name == "-1":
        return Quarantined(path, None, "missing-label", f"its label is {name or 'null'}")
    if name not in labels:
        return Quarantined(path, None, "label-out-of-range", f"class {name} has no name")
    label = labels[name]
    if label is None:
        return None
    if not isinstance(data, bytes):
        return Quarantined(path, None, "missing-file", "the row has no bytes of a photo")
    if len(data) > MAX_PHOTO_BYTES:
        return Quarantined(path, None, "too-large", f"{len(data)} bytes exceed the limit")
    return Photo(path, label, data, None, split)
