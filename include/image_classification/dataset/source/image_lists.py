"""The layout of .lst files, MXNet's lists of images, with a root: a folder or an archive.

A list's name may say which part of the data it is of: `train.lst`, `pets_val.lst`, `test.lst`.
Classes are named by classes.txt or classes.json beside the lists, else by their numbers.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from include.contracts.dataset import Split
from include.image_classification.dataset.archives.archives import archive_stem
from include.image_classification.dataset.archives.member import Member
from include.image_classification.dataset.source.contract import (
    Source,
    choose_classes,
    left_alone,
    outer_members,
)
from include.image_classification.dataset.source.labelled import (
    Listing,
    Row,
    read_labelled,
    sort_rows,
)
from include.image_classification.dataset.source.list_files import (
    CLASSES_FILES,
    class_names,
    read_rows,
)
from include.image_classification.dataset.source.list_roots import Root, find_roots
from include.image_classification.dataset.source.split_hints import name_part
from include.image_classification.dataset.source.survey import Survey, photo_tops, survey
from include.image_classification.dataset.version.manifest import Quarantined
from include.image_classification.dataset.version.photo_check import Photo

_SPLITS: dict[str | None, Split] = {"validation": "validation", "test": "test"}


def open_image_lists(folder: Path, wanted_classes: str | None) -> Source:
    """Open a source of .lst files; classes are numbered as the lists do, from 0.

    Raises:
        ProgramError: A list or its images are missing, ambiguous or damaged, or the wanted
            classes are not there.
    """
    found = survey(folder)
    roots = find_roots(found)
    rows = {root.path: _rows(found, root) for root in roots}
    folders = sorted({file.parent for file in found.lists})
    names = class_names(folders, [row for each in rows.values() for row in each])
    classes = choose_classes(names, wanted_classes)
    label_of = {name: label for label, name in enumerate(classes)}
    labels = {number: label_of.get(name) for number, name in enumerate(names)}
    read = files_read(found, roots)
    others = left_alone(folder, read)
    listings = {
        path: sort_rows(_prefix(found, path), of_root, labels) for path, of_root in rows.items()
    }
    return Source(
        classes=classes,
        entries=_entries(found, roots, listings, others),
        files=[found.name(path) for path in read],
        left_alone=others,
    )


def files_read(found: Survey, roots: Iterable[Root]) -> list[Path]:
    """All that is read of a source of lists: roots, lists, and the file of class names."""
    folders = sorted({file.parent for file in found.lists})
    names = [
        path for folder in folders for name in CLASSES_FILES if (path := folder / name).exists()
    ]
    tops = [
        top
        for root in roots
        for top in (photo_tops(found) if root.path == found.folder else [root.path])
    ]
    return list(dict.fromkeys([*tops, *found.lists, *names]))


def _rows(found: Survey, root: Root) -> list[Row]:
    return [
        row
        for file in root.lists
        for row in read_rows(file, found.name(file), _SPLITS.get(name_part(file.stem)))
    ]


def _prefix(found: Survey, root: Path) -> str:
    if root.is_file():
        root = root.with_name(archive_stem(root) or root.name)
    prefix = root.relative_to(found.folder).as_posix()
    return "" if prefix == "." else prefix


def _entries(
    found: Survey, roots: list[Root], listings: Mapping[Path, Listing], others: list[str]
) -> Iterator[Photo | Quarantined]:
    for root in roots:
        name = found.name(root.path) if root.path != found.folder else "the source"
        files = _without_inner_roots(outer_members(root.path, name, others), root, roots)
        listing = listings[root.path]
        lists = " and ".join(found.name(file) for file in root.lists)
        yield from read_labelled(listing, _below_root(files, listing.named), name, lists)


def _without_inner_roots(
    files: Iterable[Member], root: Root, roots: list[Root]
) -> Iterator[Member]:
    inner = [
        f"{other.path.relative_to(root.path).as_posix()}/"
        for other in roots
        if root.path in other.path.parents and other.path.is_dir()
    ]
    return (member for member in files if not member.path.startswith(tuple(inner)))


def _below_root(files: Iterable[Member], named: frozenset[str]) -> Iterator[tuple[str, Member]]:
    """Each file's path as the lists name it: the first that is named says what folders are around.

    Those before it are none that the lists name.
    """
    around: str | None = None
    for member in files:
        if around is None:
            around = _folders_around(member.path, named)
        if around is not None and member.path.startswith(around):
            yield member.path[len(around) :], member
        else:
            yield member.path, member


def _folders_around(path: str, named: frozenset[str]) -> str | None:
    parts = PurePosixPath(path).parts
    for start in range(len(parts)):
        if "/".join(parts[start:]) in named:
            return "".join(f"{part}/" for part in parts[:start])
    return None
