"""The devkit of Stanford Cars: the archive or folder of .mat files with the labels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from include.image_classification.container import CommandError
from include.image_classification.dataset.archives.archives import is_archive_name, read_members
from include.image_classification.dataset.source.survey import Survey, resolve_inside

CLASSES_FILE = "cars_meta.mat"
ANNOTATION_FILES = {
    "cars_train": "cars_train_annos.mat",
    "cars_test": "cars_test_annos_withlabels.mat",
    "car_ims": "cars_annos.mat",
}
"""The label file of each set of photos, in the order of the search."""

MAX_MAT_BYTES = 64 << 20


@dataclass(frozen=True)
class Devkit:
    """A devkit whose files have been read, but not parsed.

    Attributes:
        path: The archive or folder.
        files: The content of the known files, by name.
    """

    path: Path
    files: Mapping[str, bytes]

    def annotates(self, photo_set: str) -> bool:
        """Return whether the devkit has the labels of a set of photos."""
        return ANNOTATION_FILES[photo_set] in self.files

    def file(self, name: str) -> Path:
        """Return the path of one of the files, or of the archive that contains it."""
        return self.path / name if self.path.is_dir() else self.path


def find_devkit(found: Survey, sets: Sequence[str], named: str | None) -> Devkit:
    """Find and read the devkit of a source.

    A devkit that annotates existing photos takes precedence; then an archive with `devkit` in its
    name takes precedence over folders.

    Args:
        found: The survey of the source.
        sets: The existing sets of training photos.
        named: The path from `source.devkit`, relative to the source, or None. It names an archive,
            a folder, or the .mat file with labels in a folder.

    Raises:
        CommandError: The devkit is missing, ambiguous or damaged.
    """
    if named:
        return _read(_named(found, named))
    archives = [_read(path) for path in found.archives if "devkit" in path.name.lower()]
    kits = [*archives, *(_read(path) for path in _folders(found))]
    if not kits:
        raise CommandError(
            "the source has no car_devkit.tgz and no folder with cars_train_annos.mat and"
            f" {CLASSES_FILE}, or with cars_annos.mat; photos need labels, so add a devkit to the"
            " source"
        )
    fitting = [kit for kit in kits if any(kit.annotates(name) for name in sets)] or kits
    fitting = [kit for kit in fitting if kit in archives] or fitting
    if len(fitting) > 1:
        names = found.names([kit.path for kit in fitting])
        raise CommandError(
            f"the source has more than one devkit ({names}); keep one, or name one with"
            " --devkit (source.devkit in the pipeline's YAML)"
        )
    return fitting[0]


def _named(found: Survey, named: str) -> Path:
    setting = "--devkit (source.devkit)"
    path = resolve_inside(found.folder, named, setting)
    if path.is_dir() or path.suffix.lower() == ".mat" or is_archive_name(path.name):
        return path
    raise CommandError(f"{setting} names {named!r}; name an archive, a folder or a .mat file")


def _folders(found: Survey) -> list[Path]:
    # The labels of the test set are published separately; their folder is not a devkit.
    labels = {ANNOTATION_FILES["cars_train"], ANNOTATION_FILES["car_ims"]}
    return sorted({path.parent for path in found.mats if path.name in labels})


def read_mat(path: Path) -> bytes:
    """Return the content of a .mat file.

    Raises:
        CommandError: The file is too large.
    """
    _check_size(path.name, path.stat().st_size)
    return path.read_bytes()


def _read(path: Path) -> Devkit:
    names = {CLASSES_FILE, *ANNOTATION_FILES.values()}
    if path.suffix.lower() == ".mat":
        path, names = path.parent, {CLASSES_FILE, path.name}
    if path.is_dir():
        found = [path / name for name in sorted(names) if (path / name).is_file()]
        return Devkit(path, {file.name: read_mat(file) for file in found})
    files: dict[str, bytes] = {}
    for member in read_members(path):
        name = PurePosixPath(member.path).name
        if name in names and not member.problem:
            _check_size(name, member.size)
            files[name] = member.read()
    return Devkit(path, files)


def _check_size(name: str, size: int) -> None:
    if size > MAX_MAT_BYTES:
        raise CommandError(
            f"{name} has {size} bytes, over the limit of {MAX_MAT_BYTES}; download the devkit again"
        )
