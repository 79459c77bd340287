"""Detection of a source's layout, with the reason, for `refresh` and `make run DATA=`.

Files with labels decide before class folders, because they are made for nothing else. To add a
layout of label files, add its format (`tables.formats`); another one, its recogniser.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from include.image_classification.container import CommandError
from include.image_classification.dataset.archives.formats import archive_format
from include.image_classification.dataset.parquet.columns import holds_photos
from include.image_classification.dataset.parquet.layout import metadata_format, open_shards
from include.image_classification.dataset.source.folders.folder_names import folder_kind
from include.image_classification.dataset.source.survey import Survey
from include.image_classification.dataset.stanford.recognition import recognise_stanford_cars
from include.image_classification.dataset.tables.formats import FORMATS
from include.image_classification.dataset.tables.label_files import SourceLabels, find_labels
from include.image_classification.dataset.tables.matched_files import (
    MatchedFile,
    match_file,
    without_repeated,
)
from include.image_classification.dataset.tables.options import LabelOptions
from include.image_classification.dataset.tables.photo_index import PhotoIndex
from include.image_classification.dataset.tables.table import whole_number

SETTING = "source.layout in the pipeline's YAML (--layout)"

_TFRECORD = re.compile(r"\.tfrecords?(-\d+-of-\d+)?$", re.IGNORECASE)


@dataclass(frozen=True)
class Detection:
    """The detected layout, and why a source has it: the end of a sentence with `because`."""

    layout: str
    reason: str


class AmbiguousLayoutError(CommandError):
    """A source may have several layouts; the message lists them.

    Attributes:
        candidates: The possible layouts.
    """

    def __init__(self, candidates: Sequence[Detection]) -> None:
        listed = "; ".join(f"{one.layout}, because {one.reason}" for one in candidates)
        super().__init__(
            f"the source may have several layouts: {listed}; name the right one in {SETTING}"
        )
        self.candidates = candidates


def detect_layout(
    found: Survey,
    options: LabelOptions = LabelOptions(),  # noqa: B008, it is immutable
) -> Detection:
    """Return the layout of a source; class folders if no label files are recognised.

    Args:
        found: The survey of the source.
        options: The label files and columns of the settings, which are considered alone.

    Raises:
        AmbiguousLayoutError: Several layouts are possible.
        CommandError: A label file is damaged or its columns are ambiguous, or the source is of
            TFRecord or Arrow files.
    """
    reason = None if options else recognise_stanford_cars(found)
    if reason:
        return Detection("stanford_cars", reason)
    # What is no archive by its content is refused when it is read.
    archives = tuple(path for path in found.archives if archive_format(path))
    candidates = _candidates(replace(found, archives=archives), options)
    if len(candidates) > 1:
        raise AmbiguousLayoutError(candidates)
    if candidates:
        return candidates[0]
    refuse_records(found)
    return Detection("class_folders", "no label files are recognised, so folders name the classes")


def recognise_lists(found: Survey) -> str | None:
    """Return why a source has the layout `list`, or None."""
    return f"there is {found.name(found.lists[0])}" if found.lists else None


def refuse_records(found: Survey) -> None:
    """Refuse a source of TFRecord or Arrow files, which hold photos but are not read.

    TFRecord files need TensorFlow and each dataset's own schema; Arrow files need pyarrow, which
    requires another NumPy than MXNet.

    Raises:
        CommandError: The source has such files and no photos.
    """
    if found.photo_folders:
        return
    for path in sorted(found.folder.rglob("*.tfrecord*")):
        if _TFRECORD.search(path.name):
            raise CommandError(
                f"{found.name(path)} is a TFRecord file, as TensorFlow Datasets (TFDS) writes them,"
                " which is not read; write the photos into a folder for each class, or take the"
                " dataset as Parquet from Hugging Face"
            )
    for path in sorted(found.folder.rglob("*.arrow"))[:1]:
        name = found.name(path)
        raise CommandError(
            f"{name} is an Arrow file, as Hugging Face's library stores datasets, which is not"
            f' read; write each as Parquet beside it: datasets.Dataset.from_file("{name}")'
            f'.to_parquet("{name.removesuffix(".arrow")}.parquet")'
        )


def _candidates(found: Survey, options: LabelOptions) -> list[Detection]:
    candidates = []
    if not options and (reason := recognise_lists(found)):
        candidates.append(Detection("list", reason))
    shards = [] if _names_others(options) else open_shards(found, options)
    photos = [shard for shard in shards if holds_photos(shard, options.columns)]
    if photos:
        candidates.append(Detection("parquet", f"{photos[0].name} has photos in it"))
    others = [] if photos or not shards else [metadata_format(shards)]
    labels = find_labels(found, options, [*FORMATS, *others])
    for layout, files in labels.tables.items():
        certain = [file for file in files if file[1].certain] or files
        matched = [match_file(file, labels.index) for file in certain]
        if matched:
            candidates.append(_label_layout(layout, without_repeated(matched), labels))
    if not candidates and options:
        problems = [problem for texts in labels.problems.values() for problem in texts]
        raise CommandError(problems[0] if problems else "the source has no file with labels")
    return _without_unused(candidates, labels)


def _names_others(options: LabelOptions) -> bool:
    return bool(options.files) and not all(name.endswith(".parquet") for name in options.files)


def _label_layout(layout: str, files: Sequence[MatchedFile], labels: SourceLabels) -> Detection:
    first = files[0]
    why = f"{first.name} names photos and classes ({first.file[1].describe(first.file[0])})"
    folders = _class_folders(files, labels.index)
    if folders is None:
        return Detection(layout, why)
    if not folders:
        differ = "its folders have other classes than the file"
        raise AmbiguousLayoutError([Detection(layout, why), Detection("class_folders", differ)])
    if _adds_nothing(files, labels):
        why = f"its folders have the classes that {first.name} numbers"
        return Detection("class_folders", why)
    return Detection(layout, f"{why}; its folders have the same classes")


def _class_folders(files: Sequence[MatchedFile], index: PhotoIndex) -> bool | None:
    """Return whether class folders agree with label files, or None if there are no such folders."""
    folders: dict[str, set[str]] = defaultdict(set)
    classes: dict[str, set[str]] = defaultdict(set)
    for file in files:
        for photo, label in file.labels().items():
            folder = photo.split("/")[-2] if "/" in photo else ""
            if folder and folder_kind(folder) == "class":
                folders[folder].add(label)
                classes[label].add(folder)
    without_numbers = {re.sub(r"\d+", "#", folder) for folder in folders}
    if len(folders) < 2 or len(without_numbers) < 2:
        return None
    return all(len(labels) == 1 for labels in (*folders.values(), *classes.values()))


def _adds_nothing(files: Sequence[MatchedFile], labels: SourceLabels) -> bool:
    """Return whether label files have neither names, boxes nor splits of their own."""
    rows = [row for file in files for row in file.rows]
    named = labels.names or any(file.file[0].class_names for file in files)
    plain = all(whole_number(row.label) is not None for row in rows if row.label)
    return plain and not named and not any(row.box or row.part for row in rows)


def _without_unused(candidates: list[Detection], labels: SourceLabels) -> list[Detection]:
    """Return candidates without those by columns of unusual names, if there are others."""
    certain = [
        one
        for one in candidates
        if one.layout not in labels.tables
        or any(columns.certain for _, columns in labels.tables[one.layout])
    ]
    return certain or candidates
