"""The layouts of the Stanford Cars data set.

The photos are in cars_train.tgz and cars_test.tgz with a devkit of separate label files, or all in
car_ims.tgz with cars_annos.mat; archives and folders are the same. Test photos have the split
`test` of the data set's own. They are read only where their labels are there.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from include.image_classification.dataset.archives.member import Member
from include.image_classification.dataset.source.contract import (
    Source,
    choose_classes,
    left_alone,
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
    folder: Path, wanted_classes: str | None, devkit: str | None = None
) -> Source:
    """Open a source in Stanford's layout; classes are numbered as the devkit does, from 0.

    Args:
        folder: The source.
        wanted_classes: As `choose_classes` takes them.
        devkit: The devkit to use, relative to the source, where there is more than one.

    Raises:
        ProgramError: The photos or the devkit are missing, ambiguous or damaged, or the wanted
            classes are not there.
    """
    found = survey(folder)
    files = find_stanford_files(found, devkit)
    names = read_class_names(files.class_names, files.class_names_file)
    classes = choose_classes(names, wanted_classes)
    label_of = {name: label for label, name in enumerate(classes)}
    labels = {number: label_of.get(name) for number, name in enumerate(names, start=1)}
    for note in files.notes:
        _log.warning(note)
    others = left_alone(folder, files.read)
    return Source(
        classes=classes,
        entries=_entries(files, labels, others),
        files=[found.name(path) for path in files.read],
        left_alone=others,
    )


def _entries(
    files: StanfordFiles, labels: Mapping[int, int | None], others: list[str]
) -> Iterator[Photo | Quarantined]:
    for photo_set in files.sets:
        listing = _listing(photo_set, labels)
        found = outer_members(photo_set.photos, photo_set.photos.name, others)
        yield from read_labelled(
            listing, _within(photo_set.name, found), photo_set.photos.name,
            photo_set.annotations_file,
        )  # fmt: skip


def _listing(photo_set: PhotoSet, labels: Mapping[int, int | None]) -> Listing:
    rows = read_annotations(
        photo_set.annotations, photo_set.annotations_file, photo_set.name, photo_set.name == TEST
    )
    if not any(row.box for row in rows):
        _log.warning("%s has no boxes: its photos stay whole", photo_set.annotations_file)
    return sort_rows(photo_set.name, rows, labels)


def _within(photo_set: str, found: Iterable[Member]) -> Iterator[tuple[str, Member]]:
    """Each member's path within the set of photos, with or without the set's own folder."""
    for member in found:
        parts = PurePosixPath(member.path).parts
        if photo_set in parts[:-1]:
            parts = parts[parts.index(photo_set) + 1 :]
        yield "/".join(parts), member
