"""Layout `list`: .lst files (MXNet's lists of images), each with a root folder or archive.

A list's name may determine the split: `train.lst`, `pets_val.lst`, `test.lst`. The class names are
in classes.txt or classes.json next to the lists; otherwise the numbers are the names.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from include.image_classification.dataset.archives.archives import archive_stem
from include.image_classification.dataset.archives.member import Member
from include.image_classification.dataset.source.contract import (
    Source,
    choose_classes,
    find_ignored,
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
from include.image_classification.dataset.source.split_names import held_out, split_in_name
from include.image_classification.dataset.source.survey import Survey, photo_tops, survey
from include.image_classification.dataset.version.manifest import Quarantined
from include.image_classification.dataset.version.photo_check import Photo


def open_image_lists(folder: Path, selected_classes: str | None) -> Source:
    """Open a source of .lst files; the class numbers are those of the lists, from 0.

    Raises:
        CommandError: A list or its images are missing, ambiguous or damaged, or a selected class
            does not exist.
    """
    found = survey(folder)
    roots = find_roots(found)
    rows = {root.path: _rows(found, root) for root in roots}
    folders = sorted({file.parent for file in found.lists})
    names = class_names(folders, [row for root_rows in rows.values() for row in root_rows])
    classes = choose_classes(names, selected_classes)
    label_of = {name: label for label, name in enumerate(classes)}
    labels = {number: label_of.get(name) for number, name in enumerate(names)}
    read = files_read(found, roots)
    ignored = find_ignored(folder, read)
    listings = {
        path: sort_rows(_prefix(found, path), root_rows, labels) for path, root_rows in rows.items()
    }
    return Source(
        classes=classes,
        entries=_entries(found, roots, listings, ignored),
        files=[found.name(path) for path in read],
        ignored=ignored,
    )


def files_read(found: Survey, roots: Iterable[Root]) -> list[Path]:
    """Return the files that are read: roots, lists, and the file of class names."""
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
        for row in read_rows(file, found.name(file), held_out(split_in_name(file.stem)))
    ]


def _prefix(found: Survey, root: Path) -> str:
    if root.is_file():
        root = root.with_name(archive_stem(root) or root.name)
    prefix = root.relative_to(found.folder).as_posix()
    return "" if prefix == "." else prefix


def _entries(
    found: Survey, roots: list[Root], listings: Mapping[Path, Listing], ignored: list[str]
) -> Iterator[Photo | Quarantined]:
    for root in roots:
        name = found.name(root.path) if root.path != found.folder else "the source"
        files = _without_inner_roots(outer_members(root.path, name, ignored), root, roots)
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
    """Yield files with their paths relative to the root, as in the lists.

    The first file that a list names determines the folders above the root. Files before it are not
    in the lists.
    """
    above: str | None = None
    for member in files:
        if above is None:
            above = _folders_above(member.path, named)
        if above is not None and member.path.startswith(above):
            yield member.path[len(above) :], member
        else:
            yield member.path, member


def _folders_above(path: str, named: frozenset[str]) -> str | None:
    parts = PurePosixPath(path).parts
    for start in range(len(parts)):
        if "/".join(parts[start:]) in named:
            return "".join(f"{part}/" for part in parts[:start])
    return None
