"""Where the images of .lst files are: each list's root, a folder or an archive."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from include.image_classification.container import ProgramError
from include.image_classification.dataset.archives.archives import archive_stem
from include.image_classification.dataset.source.split_hints import name_part
from include.image_classification.dataset.source.survey import Survey, outermost


@dataclass(frozen=True)
class Root:
    """A folder or archive of images, and the lists whose paths are relative to it."""

    path: Path
    lists: Sequence[Path]


def find_roots(found: Survey) -> list[Root]:
    """Find each list's root; lists may share one.

    It is the folder or archive that is named as the list is (`train.lst`, `merch_train.lst`:
    `train/`, `train.zip`), or the only archive, or, where there are none, the list's own folder.

    Raises:
        ProgramError: There is no list, or it is not clear where a list's images are.
    """
    if not found.lists:
        raise ProgramError(
            "the source has no .lst file; write one with index, label and path, tabs between"
        )
    roots: dict[Path, list[Path]] = {}
    for file in found.lists:
        roots.setdefault(_root(found, file), []).append(file)
    return [Root(path, lists) for path, lists in roots.items()]


def _root(found: Survey, file: Path) -> Path:
    named = _named_alike(found, file)
    if len(named) == 1:
        return named[0]
    unclaimed = named or list(found.archives)
    if not unclaimed:
        return file.parent
    if len(unclaimed) == 1 and not named:
        return unclaimed[0]
    raise ProgramError(
        f"the images of {found.name(file)} may be in {found.names(unclaimed)}; name the right one"
        f" as the list ({file.stem}.zip), or keep one"
    )


def _named_alike(found: Survey, file: Path) -> list[Path]:
    archives = [(path, archive_stem(path) or "") for path in found.archives]
    folders = [(path, path.name) for path in found.folders]
    for candidates in (archives, folders):
        same = [path for path, name in candidates if name.lower() == file.stem.lower()]
        part = name_part(file.stem)
        alike = [path for path, name in candidates if part and name_part(name) == part]
        if same or alike:
            return same or outermost(alike)
    return []
