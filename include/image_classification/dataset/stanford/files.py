"""Selection of the photos and label files in a source with Stanford's layout."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from include.image_classification.container import CommandError
from include.image_classification.dataset.source.survey import Survey, outermost
from include.image_classification.dataset.stanford.archive_content import (
    ArchiveContent,
    read_archive,
)
from include.image_classification.dataset.stanford.devkit import (
    Devkit,
    find_devkit,
    is_devkit,
    label_files,
    read_mat,
)
from include.image_classification.dataset.stanford.published import (
    ALL,
    ANNOTATION_FILES,
    CLASSES_FILE,
    TEST,
    TRAIN,
    published_set,
)


@dataclass(frozen=True)
class PhotoSet:
    """A set of photos with its labels.

    Attributes:
        name: The published name: cars_train, cars_test or car_ims.
        photos: The archive or folder. An archive may hold other sets, too.
        annotations: The .mat file's bytes.
        annotations_file: The .mat file's name.
        labelled_by: The .mat file, or the archive that holds it.
    """

    name: str
    photos: Path
    annotations: bytes
    annotations_file: str
    labelled_by: Path


@dataclass(frozen=True)
class StanfordFiles:
    """The files of a source that are read.

    Attributes:
        sets: The sets of photos, the training set first.
        class_names: The bytes of the .mat file with the class names.
        class_names_file: The name of that file.
        read: All archives, folders and files that are read.
        notes: Log messages about photos that are not read.
    """

    sets: Sequence[PhotoSet]
    class_names: bytes
    class_names_file: str
    read: Sequence[Path]
    notes: Sequence[str]


def find_stanford_files(found: Survey, devkit: str | None = None) -> StanfordFiles:
    """Find the photos and their labels in any of the layouts in which people have the dataset.

    Args:
        found: The survey of the source.
        devkit: The path of the devkit in the source, or None to find it.

    Raises:
        CommandError: Photos or labels are missing, ambiguous or damaged.
    """
    archives = _archive_contents(found)
    photos = {name: _photos(found, name, archives) for name in ANNOTATION_FILES}
    present = {name: paths for name, paths in photos.items() if paths}
    if not present and not _loose_photos(found):
        raise _no_photos(found, TRAIN)
    kit = find_devkit(found, [name for name in present if name != TEST], devkit, archives)
    main = _main_set(found, kit, present)
    others = present.get(TEST, []) if main.name == TRAIN else []
    test = _test_set(found, kit, others, archives) if others else None
    sets = [main, test] if test else [main]
    names_file = _class_names_file(kit)
    read = [path for part in sets for path in (part.photos, part.labelled_by)]
    return StanfordFiles(
        sets=sets,
        class_names=kit.files[names_file],
        class_names_file=names_file,
        read=list(dict.fromkeys([*read, kit.file(names_file)])),
        notes=[_unlabelled(found, others[0])] if others and not test else [],
    )


def _archive_contents(found: Survey) -> list[ArchiveContent]:
    """Read the archives whose names do not say what they hold, unless the others suffice."""
    named = {published_set(path) for path in (*found.archives, *found.folders)}
    kits = [path for path in found.archives if is_devkit(path)]
    if (named & {TRAIN, ALL} or _loose_photos(found)) and (kits or label_files(found)):
        return []
    unknown = [path for path in found.archives if published_set(path) is None and path not in kits]
    return [read_archive(path) for path in unknown]


def _unlabelled(found: Survey, photos: Path) -> str:
    place = f"{TEST} in {found.name(photos)}" if not published_set(photos) else found.name(photos)
    return (
        f"{place} is not part of the dataset: its labels are in {ANNOTATION_FILES[TEST]}, which is"
        " missing"
    )


def _class_names_file(kit: Devkit) -> str:
    for name in (CLASSES_FILE, ANNOTATION_FILES[ALL]):
        if name in kit.files:
            return name
    raise CommandError(f"{kit.path.name} has no {CLASSES_FILE}; download the whole devkit again")


def _photos(found: Survey, name: str, archives: Sequence[ArchiveContent]) -> list[Path]:
    named = [path for path in found.archives if published_set(path) == name]
    # Some copies have the folder inside a folder with the same name.
    named = named or outermost([path for path in found.folders if published_set(path) == name])
    return named or [content.path for content in archives if name in content.sets]


def _main_set(found: Survey, kit: Devkit, present: Mapping[str, list[Path]]) -> PhotoSet:
    annotated = [name for name in (TRAIN, ALL) if kit.annotates(name)]
    if not annotated:
        raise CommandError(
            f"{kit.path.name} has no {ANNOTATION_FILES[TRAIN]} and no {ANNOTATION_FILES[ALL]};"
            " download the whole devkit again"
        )
    names = [name for name in annotated if name in present]
    paths = [path for name in names for path in present[name]]
    if not paths:
        _refuse_labels_of_other_photos(found, annotated, present)
        names, paths = annotated, _loose_photos(found)
    if not paths:
        raise _no_photos(found, annotated[0])
    if len(paths) > 1:
        raise CommandError(
            f"the photos may be in {found.names(paths)}; keep one of them, or rename the right one"
            f" to {names[0]}"
        )
    return _photo_set(names[0], paths[0], kit)


def _refuse_labels_of_other_photos(
    found: Survey, annotated: Sequence[str], present: Mapping[str, list[Path]]
) -> None:
    """Refuse photos whose labels are missing; the other label file numbers the photos otherwise.

    Raises:
        CommandError: There are photos of a set whose labels the devkit does not have.
    """
    other = next((name for name in (TRAIN, ALL) if name in present), None)
    if other is None:
        return
    label_file = ANNOTATION_FILES[annotated[0]]
    raise CommandError(
        f"{label_file} has the labels of {annotated[0]}, but the photos in"
        f" {found.names(present[other])} are those of {other}, which are numbered in another way:"
        f" add {ANNOTATION_FILES[other]} with {CLASSES_FILE} (both are in car_devkit.tgz)"
    )


def _no_photos(found: Survey, photo_set: str) -> CommandError:
    archives = [path for path in found.archives if not is_devkit(path)]
    there = (
        f"; {found.names(archives)} {'have' if len(archives) > 1 else 'has'} no folder {photo_set}"
        " with photos"
        if archives
        else ""
    )
    return CommandError(
        f"the source has no {photo_set}.tgz and no folder of photos{there}; put {photo_set}.tgz"
        " next to the devkit"
    )


def _loose_photos(found: Survey) -> list[Path]:
    return [
        path for path in found.photo_folders if TEST not in path.relative_to(found.folder).parts
    ]


def _test_set(
    found: Survey, kit: Devkit, photos: list[Path], archives: Sequence[ArchiveContent]
) -> PhotoSet | None:
    """Return the test set with its labels, which are published in a separate file."""
    if len(photos) > 1:
        raise CommandError(f"the test photos may be in {found.names(photos)}; keep one of them")
    if kit.annotates(TEST):
        return _photo_set(TEST, photos[0], kit)
    name = ANNOTATION_FILES[TEST]
    files = label_files(found)
    loose = [
        path for path, known in files.items() if known == name and not _in_another_kit(files, path)
    ]
    if len(loose) > 1:
        raise CommandError(f"the test labels may be in {found.names(loose)}; keep one of them")
    if loose:
        return PhotoSet(TEST, photos[0], read_mat(loose[0]), loose[0].name, loose[0])
    packed = next((content for content in archives if name in content.mats), None)
    return PhotoSet(TEST, photos[0], packed.mats[name], name, packed.path) if packed else None


def _in_another_kit(files: Mapping[Path, str], path: Path) -> bool:
    train = ANNOTATION_FILES[TRAIN]
    return any(other.parent == path.parent and name == train for other, name in files.items())


def _photo_set(photo_set: str, photos: Path, kit: Devkit) -> PhotoSet:
    name = ANNOTATION_FILES[photo_set]
    return PhotoSet(photo_set, photos, kit.files[name], name, kit.file(name))
