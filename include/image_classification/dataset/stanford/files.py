"""Selection of the photos and label files in a source with Stanford's layout."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from include.image_classification.container import CommandError
from include.image_classification.dataset.archives.archives import archive_stem
from include.image_classification.dataset.source.survey import Survey, outermost
from include.image_classification.dataset.stanford.devkit import (
    ANNOTATION_FILES,
    CLASSES_FILE,
    Devkit,
    find_devkit,
    read_mat,
)

TRAIN, TEST, ALL = ANNOTATION_FILES


@dataclass(frozen=True)
class PhotoSet:
    """A set of photos with its labels.

    Attributes:
        name: The published name: cars_train, cars_test or car_ims.
        photos: The archive or folder.
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
    """Find the photos and their labels in either of the two published layouts.

    Args:
        found: The survey of the source.
        devkit: The path of the devkit in the source, or None to find it.

    Raises:
        CommandError: Photos or labels are missing, ambiguous or damaged.
    """
    present = {name: paths for name in ANNOTATION_FILES if (paths := _photos(found, name))}
    if not present and not _loose_photos(found):
        raise _no_photos(TRAIN)
    kit = find_devkit(found, [name for name in present if name != TEST], devkit)
    main = _main_set(found, kit, present)
    others = present.get(TEST, []) if main.name == TRAIN else []
    test = _test_set(found, kit, others) if others else None
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


def _unlabelled(found: Survey, photos: Path) -> str:
    return (
        f"{found.name(photos)} is not part of the dataset: its labels are in"
        f" {ANNOTATION_FILES[TEST]}, which is missing"
    )


def _class_names_file(kit: Devkit) -> str:
    for name in (CLASSES_FILE, ANNOTATION_FILES[ALL]):
        if name in kit.files:
            return name
    raise CommandError(f"{kit.path.name} has no {CLASSES_FILE}; download the whole devkit again")


def _photos(found: Survey, name: str) -> list[Path]:
    archives = [path for path in found.archives if archive_stem(path) == name]
    # Some copies have the folder inside a folder with the same name.
    return archives or outermost([path for path in found.folders if path.name == name])


def _main_set(found: Survey, kit: Devkit, present: dict[str, list[Path]]) -> PhotoSet:
    annotated = [name for name in (TRAIN, ALL) if kit.annotates(name)]
    if not annotated:
        raise CommandError(
            f"{kit.path.name} has no {ANNOTATION_FILES[TRAIN]} and no {ANNOTATION_FILES[ALL]};"
            " download the whole devkit again"
        )
    names = [name for name in annotated if name in present]
    paths = [path for name in names for path in present[name]]
    if not paths:
        names, paths = annotated, _loose_photos(found)
    if not paths:
        raise _no_photos(annotated[0])
    if len(paths) > 1:
        raise CommandError(
            f"the photos may be in {found.names(paths)}; keep one of them, or rename the right one"
            f" to {names[0]}"
        )
    return _photo_set(names[0], paths[0], kit)


def _no_photos(photo_set: str) -> CommandError:
    return CommandError(
        f"the source has no {photo_set}.tgz and no folder of photos; put {photo_set}.tgz next to"
        " the devkit"
    )


def _loose_photos(found: Survey) -> list[Path]:
    return [
        path for path in found.photo_folders if TEST not in path.relative_to(found.folder).parts
    ]


def _test_set(found: Survey, kit: Devkit, photos: list[Path]) -> PhotoSet | None:
    """Return the test set with its labels, which are published in a separate file."""
    if len(photos) > 1:
        raise CommandError(f"the test photos may be in {found.names(photos)}; keep one of them")
    if kit.annotates(TEST):
        return _photo_set(TEST, photos[0], kit)
    name = ANNOTATION_FILES[TEST]
    loose = [path for path in found.mats if path.name == name and not _in_another_kit(found, path)]
    if len(loose) > 1:
        raise CommandError(f"the test labels may be in {found.names(loose)}; keep one of them")
    return PhotoSet(TEST, photos[0], read_mat(loose[0]), name, loose[0]) if loose else None


def _in_another_kit(found: Survey, path: Path) -> bool:
    return path.with_name(ANNOTATION_FILES[TRAIN]) in found.mats


def _photo_set(photo_set: str, photos: Path, kit: Devkit) -> PhotoSet:
    name = ANNOTATION_FILES[photo_set]
    return PhotoSet(photo_set, photos, kit.files[name], name, kit.file(name))
