"""Roots of .lst files: the folder or archive that a list's paths are relative to."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from include.image_classification.container import CommandError
from include.image_classification.dataset.archives.archives import archive_stem
from include.image_classification.dataset.source.split_names import split_in_name
from include.image_classification.dataset.source.survey import Survey, outermost


@dataclass(frozen=True)
class Root:
    """A folder or archive of images, with the lists whose paths are relative to it."""

    path: Path
    lists: Sequence[Path]


def find_roots(found: Survey) -> list[Root]:
    """Return the roots of all lists; several lists may have the same root.

    A list's root is the folder or archive with a matching name (`train.lst` and `merch_train.lst`
    match `train/` and `train.zip`); else the only archive; else, without archives, the list's
    folder.

    Raises:
        CommandError: There is no list, or the root of a list is ambiguous.
    """
    if not found.lists:
        raise CommandError(
            "the source has no .lst file; write one with index, label and path, separated by tabs"
        )
    roots: dict[Path, list[Path]] = {}
    for file in found.lists:
        roots.setdefault(_root(found, file), []).append(file)
    return [Root(path, lists) for path, lists in roots.items()]


def _root(found: Survey, file: Path) -> Path:
    matches = _find_matching(found, file)
    if len(matches) == 1:
        return matches[0]
    candidates = matches or list(found.archives)
    if not candidates:
        return file.parent
    if len(candidates) == 1 and not matches:
        return candidates[0]
    raise CommandError(
        f"the images of {found.name(file)} may be in {found.names(candidates)}; give the right one"
        f" the name of the list ({file.stem}.zip), or keep only one"
    )


def _find_matching(found: Survey, file: Path) -> list[Path]:
    archives = [(path, archive_stem(path) or "") for path in found.archives]
    folders = [(path, path.name) for path in found.folders]
    for candidates in (archives, folders):
        same = [path for path, name in candidates if name.lower() == file.stem.lower()]
        part = split_in_name(file.stem)
        similar = [path for path, name in candidates if part and split_in_name(name) == part]
        if same or similar:
            return same or outermost(similar)
    return []
