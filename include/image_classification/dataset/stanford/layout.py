"""Layout `stanford_cars`: the published layouts of the Stanford Cars dataset, and copies of them.

The photos are in cars_train.tgz and cars_test.tgz with a devkit of separate label files, or all in
car_ims.tgz with cars_annos.mat; folders may replace the archives, and one archive may hold several
of them. Photos of the dataset's test set get the split `test`. They are read only if their labels
are present.
"""

import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from include.image_classification.dataset.archives.member import Member
from include.image_classification.dataset.source.accounting import Accounting
from include.image_classification.dataset.source.contract import Contents, Source, choose_classes
from include.image_classification.dataset.source.labelled import Listing, Matcher, sort_rows
from include.image_classification.dataset.source.survey import Survey, survey
from include.image_classification.dataset.stanford.annotations import (
    read_annotations,
    read_class_names,
)
from include.image_classification.dataset.stanford.files import (
    PhotoSet,
    StanfordFiles,
    find_stanford_files,
)
from include.image_classification.dataset.stanford.published import (
    ALL,
    ANNOTATION_FILES,
    MAT_FILES,
    TEST,
    published_name,
    published_set,
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
    photos = list(dict.fromkeys(part.photos for part in files.sets))
    accounting = Accounting(folder, [path for path in files.read if path not in photos])
    accounting.leave_rest(photos)
    return Source(
        classes=classes,
        entries=_entries(files, labels, accounting),
        files=[found.name(path) for path in files.read],
        accounting=accounting,
        notes=[_describe(found, part) for part in files.sets],
        held_out=any(part.name in (TEST, ALL) for part in files.sets),
    )


def inspect_stanford_cars(found: Survey, devkit: str | None = None) -> Contents:
    """Return what the layout reads of a source.

    Raises:
        CommandError: The photos or the devkit are missing, ambiguous or damaged.
    """
    files = find_stanford_files(found, devkit)
    held_out = any(part.name in (TEST, ALL) for part in files.sets)
    notes = [*(_describe(found, part) for part in files.sets), *files.notes]
    return Contents(files.read, held_out, notes)


def _describe(found: Survey, part: PhotoSet) -> str:
    use = "test photos" if part.name == TEST else "photos"
    file = found.name(part.labelled_by)
    labels = file if part.labelled_by.suffix == ".mat" else f"{part.annotations_file} in {file}"
    return f"{use}: {part.name} in {found.name(part.photos)}, labelled by {labels}"


def _entries(
    files: StanfordFiles, labels: Mapping[int, int | None], accounting: Accounting
) -> Iterator[Photo | Quarantined]:
    """Yield the entries of all sets; an archive that holds several sets is read once."""
    by_photos: dict[Path, list[PhotoSet]] = defaultdict(list)
    for photo_set in files.sets:
        by_photos[photo_set.photos].append(photo_set)
    for photos, sets in by_photos.items():
        matchers = {
            part.name: Matcher(
                _listing(part, labels), photos.name, part.annotations_file, accounting
            )
            for part in sets
        }
        for member in accounting.members(photos):
            name, path = _place(member, photos, sets)
            if name in matchers:
                entry = matchers[name].match(path, member)
                if entry is not None:
                    yield entry
            elif published_name(path) in MAT_FILES and _labels(files, photos):
                accounting.take_label()
        for matcher in matchers.values():
            yield from matcher.rest()


def _labels(files: StanfordFiles, archive: Path) -> bool:
    """Return whether label files in an archive of photos are used."""
    return archive in files.read and any(part.labelled_by == archive for part in files.sets)


def _listing(photo_set: PhotoSet, labels: Mapping[int, int | None]) -> Listing:
    rows = read_annotations(
        photo_set.annotations, photo_set.annotations_file, photo_set.name, photo_set.name == TEST
    )
    if not any(row.box for row in rows):
        _log.warning("%s has no boxes: its photos are not cropped", photo_set.annotations_file)
    return sort_rows(photo_set.name, rows, labels)


def _place(member: Member, photos: Path, sets: Sequence[PhotoSet]) -> tuple[str, str]:
    """Return a member's set or "", and its path in the set, without the set's own folder."""
    parts = PurePosixPath(member.path).parts
    ends = [end for end, name in enumerate(parts[:-1], start=1) if name in ANNOTATION_FILES]
    if ends:
        return parts[ends[-1] - 1], "/".join(parts[ends[-1] :])
    # An archive or folder named after its set may hold the photos without the set's folder.
    alone = published_set(photos) is not None or photos.is_dir()
    return (sets[0].name if alone and len(sets) == 1 else ""), member.path
