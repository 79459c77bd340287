"""The devkit of Stanford Cars: the archive or folder of .mat files with the labels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from include.image_classification.container import CommandError
from include.image_classification.dataset.archives.archives import is_archive_name
from include.image_classification.dataset.source.survey import Survey, resolve_inside
from include.image_classification.dataset.stanford.archive_content import (
    ArchiveContent,
    check_mat_size,
    read_archive,
)
from include.image_classification.dataset.stanford.published import (
    ALL,
    ANNOTATION_FILES,
    CLASSES_FILE,
    MAT_FILES,
    TRAIN,
    published_name,
)


@dataclass(frozen=True)
class Devkit:
    """A devkit whose files have been read, but not parsed.

    Attributes:
        path: The archive or folder.
        files: The content of the known files, by published name.
        paths: The paths of the files in a folder, by published name; empty for an archive.
    """

    path: Path
    files: Mapping[str, bytes]
    paths: Mapping[str, Path]

    def annotates(self, photo_set: str) -> bool:
        """Return whether the devkit has the labels of a set of photos."""
        return ANNOTATION_FILES[photo_set] in self.files

    def file(self, name: str) -> Path:
        """Return the path of one of the files, or of the archive that contains it."""
        return self.paths.get(name, self.path)


def find_devkit(
    found: Survey, sets: Sequence[str], named: str | None, archives: Sequence[ArchiveContent]
) -> Devkit:
    """Find and read the devkit of a source.

    A devkit that annotates existing photos takes precedence; then an archive with `devkit` in its
    name takes precedence over folders, and folders over label files in other archives.

    Args:
        found: The survey of the source.
        sets: The existing sets of training photos.
        named: The path from `source.devkit`, relative to the source, or None. It names an archive,
            a folder, or the .mat file with labels in a folder.
        archives: The content of other archives, which may have label files.

    Raises:
        CommandError: The devkit is missing, ambiguous or damaged.
    """
    if named:
        return _read(_named(found, named))
    kits = [_read(path) for path in found.archives if is_devkit(path)]
    kits += [_read(path) for path in _folders(found)]
    kits += [_of_archive(content) for content in archives if content.mats]
    if not kits:
        raise _no_devkit(found)
    fitting = [kit for kit in kits if any(kit.annotates(name) for name in sets)] or kits
    best = min(map(_rank, fitting))
    fitting = [kit for kit in fitting if _rank(kit) == best]
    if len(fitting) > 1:
        names = found.names([kit.path for kit in fitting])
        raise CommandError(
            f"the source has more than one devkit ({names}); keep one, or name one with"
            " --devkit (source.devkit in the pipeline's YAML)"
        )
    return fitting[0]


def is_devkit(path: Path) -> bool:
    """Return whether an archive is named as a devkit."""
    return "devkit" in path.name.lower()


def label_files(found: Survey) -> dict[Path, str]:
    """Return the label files of a source, with their published names."""
    names = {path: published_name(path.name) for path in found.mats}
    return {path: name for path, name in names.items() if name in MAT_FILES}


def read_mat(path: Path) -> bytes:
    """Return the content of a .mat file.

    Raises:
        CommandError: The file is too large.
    """
    check_mat_size(path.name, path.stat().st_size)
    return path.read_bytes()


def _no_devkit(found: Survey) -> CommandError:
    archives = (
        f"; {found.names(found.archives)} {'have' if len(found.archives) > 1 else 'has'} no .mat"
        " files with labels"
        if found.archives
        else ""
    )
    return CommandError(
        "the source has no car_devkit.tgz and no folder with cars_train_annos.mat and"
        f" {CLASSES_FILE}, or with cars_annos.mat{archives}; photos need labels, so add a devkit to"
        " the source"
    )


def _rank(kit: Devkit) -> int:
    if kit.path.is_dir():
        return 1
    return 0 if is_devkit(kit.path) else 2


def _named(found: Survey, named: str) -> Path:
    setting = "--devkit (source.devkit)"
    path = resolve_inside(found.folder, named, setting)
    is_archive = is_archive_name(path.name) or path in found.archives
    if path.is_dir() or path.suffix.lower() == ".mat" or is_archive:
        return path
    raise CommandError(f"{setting} names {named!r}; name an archive, a folder or a .mat file")


def _folders(found: Survey) -> list[Path]:
    # The labels of the test set are published separately; their folder is not a devkit.
    labels = {ANNOTATION_FILES[TRAIN], ANNOTATION_FILES[ALL]}
    return sorted({path.parent for path, name in label_files(found).items() if name in labels})


def _read(path: Path) -> Devkit:
    if path.suffix.lower() == ".mat":
        return _read_folder(path.parent, {CLASSES_FILE, published_name(path.name)})
    if path.is_dir():
        return _read_folder(path, MAT_FILES)
    return _of_archive(read_archive(path))


def _read_folder(folder: Path, names: frozenset[str] | set[str]) -> Devkit:
    paths: dict[str, Path] = {}
    for file in sorted(folder.iterdir()):
        name = published_name(file.name)
        # The file with the published name itself takes precedence over copies.
        if name in names and file.is_file() and (name not in paths or file.name == name):
            paths[name] = file
    return Devkit(folder, {name: read_mat(file) for name, file in paths.items()}, paths)


def _of_archive(content: ArchiveContent) -> Devkit:
    return Devkit(content.path, content.mats, {})
