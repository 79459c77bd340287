"""The class and the split of each folder that holds photos: one rule for what is a class folder.

Folders that are parts of the data are no classes: those named after a split, those without labels
(`single_prediction`), and mere containers (`images`). They may be anywhere around or in class
folders. If they hold photos themselves, outside of class folders, these photos have no class.

A folder named after the training or validation split is a class nevertheless if it holds photos
beside folders with other names, none of which is a part: the class `train` beside `bus`. Any folder
is a class if the selection of classes names it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from include.contracts.dataset import Split
from include.image_classification.dataset.source.folders.class_level import (
    ClassFolder,
    Parts,
    find_class_folders,
)
from include.image_classification.dataset.source.folders.folder_names import folder_kind
from include.image_classification.dataset.source.split_names import held_out, split_in_name

FIX = (
    "put its photos into folders named after their classes, or name the folder in source.classes"
    " (CLASSES=) if it is a class"
)

WHY = {
    "split": "is named after a split",
    "unlabelled": "is named as photos without labels",
    "container": "only says that it holds photos",
    "class": "lies around class folders",
}


@dataclass(frozen=True)
class FolderClasses:
    """The classes of the folders of a source; all paths are relative, with slashes.

    Attributes:
        folders: The class of each folder that holds photos, or None.
        splits: The split that the source assigns to the photos of a folder, if any.
        parts: The folders that hold photos and are no class, with the reason.
        notes: What was decided, for the log.
    """

    folders: Mapping[str, str | None]
    splits: Mapping[str, Split | None]
    parts: Mapping[str, str]
    notes: Sequence[str]

    @property
    def classes(self) -> frozenset[str]:
        """The names of the classes."""
        return frozenset(name for name in self.folders.values() if name is not None)

    def refusal(self, folder: str) -> str:
        """Return why photos directly in a folder have no class."""
        if folder not in self.parts:
            return "it is not in a class folder"
        return f"{folder}/ is no class folder, because it {self.parts[folder]}; {FIX}"


def classify_folders(
    holding: Collection[str], archives: Collection[str], named: Collection[str]
) -> FolderClasses:
    """Find the classes of the folders that directly hold photos.

    Args:
        holding: The folders; "" is the source itself.
        archives: The folders that stand for an archive.
        named: The classes that the selection names.
    """
    levels = _levels(tuple(folder.split("/")) for folder in holding if folder)
    tree = {folder: _without_doubled(folder, levels) for folder in holding if folder}
    kinds = {parts: _kinds(parts, named) for parts in tree.values()}
    _allow_classes_named_like_splits(kinds)
    reduced = {
        parts: tuple(
            name for name, kind in zip(parts, kinds[parts], strict=True) if kind == "class"
        )
        for parts in kinds
    }
    found = _classes(reduced, kinds, {_without_doubled(name, levels) for name in archives})
    classes = {folder: found.get(parts) for folder, parts in tree.items()}
    return FolderClasses(
        folders={folder: match and match.name for folder, match in classes.items()},
        splits={folder: _split(parts, kinds[parts]) for folder, parts in tree.items()},
        parts={
            folder: WHY[_kind_of(kinds[tree[folder]])]
            for folder, match in classes.items()
            if match is None
        },
        notes=_notes(classes.values(), reduced.values()),
    )


def _levels(folders: Iterable[Parts]) -> dict[Parts, set[str]]:
    """Return the names of the folders in each folder."""
    levels: dict[Parts, set[str]] = defaultdict(set)
    for folder in folders:
        for end, name in enumerate(folder):
            levels[folder[:end]].add(name)
    return levels


def _without_doubled(folder: str, levels: Mapping[Parts, Collection[str]]) -> Parts:
    """Return the names in a path; a folder that holds only one of its own name counts once."""
    parts = tuple(folder.split("/"))
    return tuple(
        name
        for end, name in enumerate(parts)
        if end == 0 or name != parts[end - 1] or len(levels.get(parts[:end], ())) > 1
    )


def _kinds(parts: Parts, named: Collection[str]) -> list[str]:
    kinds: list[str] = [folder_kind(name) for name in parts]
    if parts[-1] in named:
        kinds[-1] = "class"
    return kinds


def _kind_of(kinds: Sequence[str]) -> str:
    """Return the kind of the innermost folder that says more than that it holds photos."""
    return next((kind for kind in reversed(kinds) if kind != "container"), "container")


def _allow_classes_named_like_splits(kinds: Mapping[Parts, list[str]]) -> None:
    levels = _levels(kinds)
    for parts, found in kinds.items():
        if found[-1] != "split" or split_in_name(parts[-1]) == "test":
            continue
        others = levels[parts[:-1]] - {parts[-1]}
        beside = [name for name in others if (*parts[:-1], name) in kinds]
        if beside and all(folder_kind(name) == "class" for name in others):
            found[-1] = "class"


def _classes(
    reduced: Mapping[Parts, Parts], kinds: Mapping[Parts, list[str]], archives: Collection[Parts]
) -> dict[Parts, ClassFolder]:
    """Return the class folders by folder; folders that are in none are missing."""
    labelled = {
        parts for parts, names in reduced.items() if names and _kind_of(kinds[parts]) == "class"
    }
    found = find_class_folders({reduced[parts] for parts in labelled}, archives)
    if not found:
        # Splits within class folders: cat/train, cat/test.
        found = find_class_folders({names for names in reduced.values() if names}, archives)
        if len(set(found.values()) - {None}) < 2:
            return {}
    inside = {match.path: match for match in found.values() if match}
    matches = {
        parts: found.get(names) or _enclosing(names, inside) for parts, names in reduced.items()
    }
    return {parts: match for parts, match in matches.items() if match}


def _enclosing(names: Parts, inside: Mapping[Parts, ClassFolder]) -> ClassFolder | None:
    ends = range(1, len(names) + 1)
    return next((inside[names[:end]] for end in ends if names[:end] in inside), None)


def _split(parts: Parts, kinds: Sequence[str]) -> Split | None:
    splits = (
        split_in_name(name) for name, kind in zip(parts, kinds, strict=True) if kind == "split"
    )
    return held_out(next(splits, None))


def _notes(matches: Iterable[ClassFolder | None], reduced: Iterable[Parts]) -> list[str]:
    """Return notes on folders in class folders, and on class names that may mean the same."""
    found = {match for match in matches if match}
    notes = []
    inside = {match.path: match for match in found}
    deeper = sorted({names for names in reduced if _enclosing(names[:-1], inside)})
    if deeper:
        (example, *_), count = deeper, len(deeper)
        notes.append(
            f"{count} folders are inside class folders and belong to them, for example"
            f" {'/'.join(example)}; if they are the classes, remove the folders around them"
        )
    return [*notes, *_similar(sorted({match.name for match in found}))]


def _similar(classes: Sequence[str]) -> list[str]:
    by_form: dict[str, list[str]] = defaultdict(list)
    for name in classes:
        by_form[" ".join(name.casefold().split())].append(name)
    return [
        f"the classes {' and '.join(map(repr, names))} differ only in case or spaces: if they are"
        " one class, give their folders one name"
        for names in by_form.values()
        if len(names) > 1
    ]
