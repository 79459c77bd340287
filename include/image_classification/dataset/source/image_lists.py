"""Layout `list`: .lst files (MXNet's lists of images), each with a root folder or archive.

A list's name may determine the split: `train.lst`, `pets_val.lst`, `test.lst`. The class names are
in classes.txt or classes.json next to the lists; otherwise the numbers are the names.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from include.image_classification.container import CommandError
from include.image_classification.dataset.archives.archives import archive_stem
from include.image_classification.dataset.archives.member import Member, normalize
from include.image_classification.dataset.source.accounting import Accounting
from include.image_classification.dataset.source.contract import (
    Contents,
    Source,
    choose_classes,
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
    accounting = Accounting(folder, label_files(found))
    accounting.leave_rest([root.path for root in roots])
    listings = {
        path: sort_rows(_prefix(found, path), root_rows, labels) for path, root_rows in rows.items()
    }
    return Source(
        classes=classes,
        entries=_entries(found, roots, listings, accounting),
        files=[found.name(path) for path in read],
        accounting=accounting,
        held_out=bool(_held_out(found)),
    )


def inspect_lists(found: Survey) -> Contents:
    """Return what the layout reads of a source.

    Raises:
        CommandError: A list is missing, or its images are missing or ambiguous.
    """
    read = files_read(found, find_roots(found))
    if not found.photo_folders and not found.archives:
        raise CommandError(
            "the source has lists, but no photos: add the folder or archive that the paths in the"
            " lists are relative to"
        )
    held = _held_out(found)
    notes = [f"photos for validation or test: {found.names(held)}"] if held else []
    return Contents(read, bool(held), notes)


def _held_out(found: Survey) -> list[Path]:
    return [file for file in found.lists if held_out(split_in_name(file.stem))]


def files_read(found: Survey, roots: Iterable[Root]) -> list[Path]:
    """Return the files that are read: roots, lists, and the file of class names."""
    tops = [
        top
        for root in roots
        for top in (photo_tops(found) if root.path == found.folder else [root.path])
    ]
    return list(dict.fromkeys([*tops, *label_files(found)]))


def label_files(found: Survey) -> list[Path]:
    """Return the lists and the files of class names."""
    folders = sorted({file.parent for file in found.lists})
    names = [
        path for folder in folders for name in CLASSES_FILES if (path := folder / name).exists()
    ]
    return [*found.lists, *names]


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
    found: Survey, roots: list[Root], listings: Mapping[Path, Listing], accounting: Accounting
) -> Iterator[Photo | Quarantined]:
    for root in roots:
        name = found.name(root.path) if root.path != found.folder else "the source"
        files = accounting.members(root.path, without=_inner_roots(root, roots))
        listing = listings[root.path]
        lists = " and ".join(found.name(file) for file in root.lists)
        below = _below_root(files, listing.named)
        yield from read_labelled(listing, below, name, lists, accounting)


def _inner_roots(root: Root, roots: list[Root]) -> list[str]:
    """Return the roots inside another one, relative to it."""
    return [
        normalize(other.path.relative_to(root.path).as_posix())
        for other in roots
        if root.path in other.path.parents
    ]


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
