"""The level of nested folders at which the classes are.

The folders' names are given without the parts of the data, such as `train` and `images`. Rules, in
this order, for the folders at one level:

1. A single folder around all others is no class, unless it is the innermost.
2. If one of them holds photos itself, they are classes, with all folders in them; except those
   whose folders all have names of other classes, and archives of several folders.
3. If the folders in them all have different names, those are the classes (`make/model`).
4. If the names repeat, the outer folders are the classes (`cat/indoor`, `dog/indoor`); except if
   the outer names differ in numbers only (`part1`, `part2`), or if there are more different inner
   names, of which each outer folder has at least half (`photo/dog`, `sketch/dog`).
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from include.image_classification.dataset.source.folders.folder_names import is_cut_class_name

Parts = tuple[str, ...]


class ClassFolder(NamedTuple):
    """A class folder: its names from the outermost on, and the name of the class."""

    path: Parts
    name: str


def find_class_folders(
    folders: Collection[Parts], archives: Collection[Parts] = ()
) -> dict[Parts, ClassFolder | None]:
    """Return the class folder of each folder that holds photos, or None for one around classes.

    Args:
        folders: The folders that hold photos, as names from the outermost on; none is empty.
        archives: The folders that stand for an archive.
    """
    return _find(frozenset(folders), (), frozenset(archives), frozenset()) if folders else {}


def _find(
    folders: frozenset[Parts], above: Parts, archives: frozenset[Parts], known: frozenset[str]
) -> dict[Parts, ClassFolder | None]:
    """Find the class folders below `above`; `folders` are relative to it."""
    tops: dict[str, set[Parts]] = defaultdict(set)
    for folder in folders:
        tops[folder[0]].add(folder[1:])
    holding = {name for name, inner in tops.items() if () in inner}
    if len(tops) == 1:
        ((name, inner),) = tops.items()
        classes = {name} if name in known or inner == {()} else set()
    elif holding:
        classes = {
            name
            for name, inner in tops.items()
            if name in holding or not _holds_classes((*above, name), inner, archives, holding)
        }
    else:
        classes = set(tops) if _outer_are_classes(tops) else set()
    result: dict[Parts, ClassFolder | None] = {}
    for name, inner in tops.items():
        outer = (*above, name)
        if name in classes:
            result |= _as_class(outer, inner)
        else:
            result |= dict.fromkeys([outer] if () in inner else [])
            nested = frozenset(inner - {()})
            result |= _find(nested, outer, archives, known | holding)
    return result


def _as_class(folder: Parts, inner: Collection[Parts]) -> dict[Parts, ClassFolder | None]:
    """Return the folders in a class folder, with the class folder."""
    found = ClassFolder(folder, folder[-1])
    seconds = {below[0] for below in inner if below}
    if () not in inner and len(seconds) == 1:
        second = min(seconds)
        if is_cut_class_name(folder[-1], second):
            found = ClassFolder((*folder, second), f"{folder[-1]}/{second}")
    return {(*folder, *below): found for below in inner}


def _holds_classes(
    folder: Parts, inner: Iterable[Parts], archives: frozenset[Parts], classes: Collection[str]
) -> bool:
    """Return whether a folder beside class folders holds class folders, too."""
    return folder in archives or {below[-1] for below in inner} <= set(classes)


def _outer_are_classes(tops: Mapping[str, Collection[Parts]]) -> bool:
    seconds = [{below[0] for below in inner} for inner in tops.values()]
    different = set().union(*seconds)
    if sum(map(len, seconds)) == len(different):
        return False
    without_numbers = {re.sub(r"\d+", "#", name) for name in tops}
    if len(without_numbers) == 1 and without_numbers != {"#"}:
        return False
    if len(different) < len(tops) or (len(different) == len(tops) and without_numbers != {"#"}):
        return True
    return any(2 * len(names) < len(different) for names in seconds)
