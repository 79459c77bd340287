"""Layout `stanford_cars`: both published layouts of the Stanford Cars dataset.

The photos are in cars_train.tgz and cars_test.tgz with a devkit of separate label files, or all in
car_ims.tgz with cars_annos.mat; folders may replace the archives. Photos of the dataset's test set
get the split `test`. They are read only if their labels are present.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from include.image_classification.dataset.archives.member import Member
from include.image_classification.dataset.source.contract import (
    Source,
    choose_classes,
    find_ignored,
    outer_members,
)
from include.image_classification.dataset.source.labelled import Listing, read_labelled, sort_rows
from include.image_classification.dataset.source.survey import survey
from include.image_classification.dataset.stanford.annotations import (
    read_annotations,
    read_class_names,
)
from include.image_classification.dataset.stanford.files import (
    TEST,
    PhotoSet,
    StanfordFiles,
    find_stanford_files,
)
from include.image_classification.dataset.version.manifest import Quarantined
from include.image_classification.dataset.version.photo_check import Photo

_log = logging.getLogger(__name__)


def open_stanford_cars(
    folder: Path, selected_classes: str | None, devkit: str | None = None
) -> Source:
    """Open a source in Stanford's layout; classes are in the order of the devkit, from 0.

    Args:
        folder: The source.
        selected_classes: See `choose_classes`.
        devkit: The path of the devkit in the source, if it has several.

    Raises:
        CommandError: The photos or the devkit are missing, ambiguous or damaged, or a selected
            class does not exist.
    """
    found = survey(folder)
    files = find_stanford_files(found, devkit)
    names = read_class_names(files.class_names, files.class_names_file)
    classes = choose_classes(names, selected_classes)
    label_of = {name: label for label, name in enumerate(classes)}
    labels = {number: label_of.get(name) for number, name in enumerate(names, start=1)}
    for note in files.notes:
        _log.warning(note)
    ignored = find_ignored(folder, files.read)
    return Source(
        classes=classes,
        entries=_entries(files, labels, ignored),
        files=[found.name(path) for path in files.read],
        ignored=ignored,
    )


def _entries(
    files: StanfordFiles, labels: Mapping[int, int | None], ignored: list[str]
) -> Iterator[Photo | Quarantined]:
    for photo_set in files.sets:
        listing = _listing(photo_set, labels)
        found = outer_members(photo_set.photos, photo_set.photos.name, ignored)
        yield from read_labelled(
            listing, _relative_to_set(photo_set.name, found), photo_set.photos.name,
            photo_set.annotations_file,
        )  # fmt: skip


def _listing(photo_set: PhotoSet, labels: Mapping[int, int | None]) -> Listing:
    rows = read_annotations(
        photo_set.annotations, photo_set.annotations_file, photo_set.name, photo_set.name == TEST
    )
    if not any(row.box for row in rows):
        _log.warning("%s has no boxes: its photos are not cropped", photo_set.annotations_file)
    return sort_rows(photo_set.name, rows, labels)


def _relative_to_set(photo_set: str, found: Iterable[Member]) -> Iterator[tuple[str, Member]]:
    """Yield members with their paths in the set, without the set's own folder."""
    for member in found:
        parts = PurePosixPath(member.path).parts
        if photo_set in parts[:-1]:
            parts = parts[parts.index(photo_set) + 1 :]
        yield "/".join(parts), member
