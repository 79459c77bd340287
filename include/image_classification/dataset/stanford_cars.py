"""The layout of the Stanford Cars data set: photos in cars_train.tgz, labels in a devkit."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from include.image_classification.container import ProgramError
from include.image_classification.dataset.archives import archive_stem, members, normal
from include.image_classification.dataset.devkit import (
    Devkit,
    find_devkit,
    read_devkit,
)
from include.image_classification.dataset.manifest import Quarantined, Reason
from include.image_classification.dataset.photo_check import Photo
from include.image_classification.dataset.source import (
    Source,
    choose_classes,
    find_archives,
    is_photo_name,
    left_alone,
    read_member,
)

# The photos that cars_train_annos.mat annotates: cars_train.tgz, or a folder cars_train.
PHOTO_SET = "cars_train"


def open_stanford_cars(folder: Path, wanted_classes: str | None) -> Source:
    """Open a source in Stanford's layout; classes are numbered as the devkit does, from 0.

    Raises:
        ProgramError: The photos or the devkit are missing, ambiguous or damaged, or the wanted
            classes are not there.
    """
    photos = _find_photos(folder)
    devkit = read_devkit(find_devkit(folder))
    classes = choose_classes(devkit.classes, wanted_classes)
    read = [photos, devkit.path]
    return Source(
        classes=classes,
        entries=_entries(photos, devkit, classes),
        files=[_name(folder, path) for path in read],
        left_alone=left_alone(folder, read),
    )


def _find_photos(folder: Path) -> Path:
    archives = [path for path in find_archives(folder) if archive_stem(path) == PHOTO_SET]
    folders = [path for path in sorted(folder.rglob(PHOTO_SET)) if path.is_dir()]
    found = (
        archives
        or folders
        or sorted({p.parent for p in folder.rglob("*") if is_photo_name(p.name)})
    )
    if not found:
        raise ProgramError(
            f"the source has no {PHOTO_SET}.tgz and no folder of photos; put {PHOTO_SET}.tgz beside"
            " the devkit"
        )
    if len(found) > 1:
        names = " and ".join(_name(folder, path) for path in found[:3])
        raise ProgramError(
            f"the photos may be in {names}; keep one of them, or name the right one {PHOTO_SET}"
        )
    return found[0]


def _name(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix() + ("/" if path.is_dir() else "")


@dataclass(frozen=True)
class _Labels:
    """The devkit's rows by file name: the numbers to use, and the rows to refuse."""

    numbers: Mapping[str, int]
    refused: Sequence[Quarantined]
    named: frozenset[str]


def _entries(photos: Path, devkit: Devkit, classes: list[str]) -> Iterator[Photo | Quarantined]:
    rows = _sort_rows(devkit)
    yield from rows.refused
    label_of = {name: label for label, name in enumerate(classes)}
    # Photos of classes that are not wanted have no label here, but they are not unlisted either.
    labels = {
        name: label_of[devkit.classes[number - 1]]
        for name, number in rows.numbers.items()
        if devkit.classes[number - 1] in label_of
    }
    found: set[str] = set()
    for member in members(photos):
        name = _file_name(member.path)
        if name in labels:
            found.add(name)
            yield read_member(_path(name), labels[name], member)
        elif name not in rows.named and is_photo_name(name):
            detail = f"{devkit.path.name} has no label for it"
            yield Quarantined(_path(name), None, "unlisted-file", detail)
    for name in labels.keys() - found:
        yield Quarantined(_path(name), None, "missing-file", f"it is not in {photos.name}")


def _sort_rows(devkit: Devkit) -> _Labels:
    rows: dict[str, list[int]] = defaultdict(list)
    for annotation in devkit.annotations:
        rows[normal(annotation.file_name)].append(annotation.number)
    numbers: dict[str, int] = {}
    refused: list[Quarantined] = []
    for name, given in rows.items():
        reason = _row_refusal(given, len(devkit.classes))
        if reason:
            detail = f"the devkit says class {' and '.join(map(str, given))}"
            refused += [Quarantined(_path(name), None, reason, detail)] * len(given)
        else:
            numbers[name] = given[0]
            again = Quarantined(_path(name), None, "listed-twice", "the devkit lists it again")
            refused += [again] * (len(given) - 1)
    return _Labels(numbers, refused, frozenset(rows))


def _row_refusal(numbers: list[int], classes: int) -> Reason | None:
    if len(set(numbers)) > 1:
        return "conflicting-labels"
    if not 1 <= numbers[0] <= classes:
        return "label-out-of-range"
    return None


def _path(name: str) -> str:
    return f"{PHOTO_SET}/{name}"


def _file_name(path: str) -> str:
    """A member's name within the set of photos, with or without the set's own folder."""
    parts = PurePosixPath(path).parts
    if PHOTO_SET in parts[:-1]:
        parts = parts[parts.index(PHOTO_SET) + 1 :]
    return "/".join(parts)
