"""What every layout turns a raw source into: classes, and a stream of photos."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from include.image_classification.container import ProgramError
from include.image_classification.dataset.archives import Member, archive_stem
from include.image_classification.dataset.manifest import Quarantined
from include.image_classification.dataset.photo_check import Photo

# By name. Those that are not JPEG or PNG inside are quarantined, so that none is lost in silence.
PHOTO_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".heic"}
)

# A photo is held in memory whole. Larger files are no photos.
MAX_PHOTO_BYTES = 256 << 20


@dataclass(frozen=True)
class Source:
    """A raw source that has been opened, but whose photos have not been read yet.

    Attributes:
        classes: Class names in label order.
        entries: Everything that the source lists, once each: a photo with its bytes, or what is
            refused before it is looked at. A stream, to be read once.
        files: The files and folders that are read, relative to the source.
        left_alone: The files that are not.
    """

    classes: Sequence[str]
    entries: Iterator[Photo | Quarantined]
    files: Sequence[str]
    left_alone: Sequence[str]


def is_photo_name(path: str) -> bool:
    """Whether a file's name is that of a photo."""
    return PurePosixPath(path).suffix.lower() in PHOTO_SUFFIXES


def read_member(path: str, label: int, member: Member) -> Photo | Quarantined:
    """Read a member of an archive or folder as the photo of this path and label."""
    if member.problem:
        return Quarantined(path, None, "unsafe-member", member.problem)
    if member.size > MAX_PHOTO_BYTES:
        limit = f"{member.size} bytes are over the limit of {MAX_PHOTO_BYTES}"
        return Quarantined(path, None, "too-large", limit)
    return Photo(path, label, member.read())


def find_archives(folder: Path) -> list[Path]:
    """All archives in a source, by path."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return sorted(path for path in files if archive_stem(path) is not None)


def left_alone(folder: Path, read: Sequence[Path]) -> list[str]:
    """Name the files in a source that are not read; a folder of nothing else is named once."""
    names: set[str] = set()
    for file in folder.rglob("*"):
        if file.is_file() and not any(file == path or path in file.parents for path in read):
            names.add(_outermost_unread(folder, file, read))
    return sorted(names)


def _outermost_unread(folder: Path, file: Path, read: Sequence[Path]) -> str:
    for parent in reversed(file.relative_to(folder).parents[:-1]):
        outer = folder / parent
        if not any(outer == path or outer in path.parents for path in read):
            return f"{parent.as_posix()}/"
    return file.relative_to(folder).as_posix()


def choose_classes(names: Sequence[str], wanted: str | None) -> list[str]:
    """Choose classes by `--classes`, in label order.

    Args:
        names: All of the source's classes, in label order.
        wanted: Nothing for all; one number for so many first ones; or names and 1-based numbers,
            separated by commas.

    Raises:
        ProgramError: A class is not there, or fewer than two are left to tell apart.
    """
    chosen = list(names)
    if wanted and wanted.strip().isdecimal():
        chosen = chosen[: int(wanted)]
    elif wanted:
        asked = {_find_class(names, part.strip()) for part in wanted.split(",") if part.strip()}
        chosen = [name for name in names if name in asked]
    if len(chosen) < 2:
        found = ", ".join(repr(name) for name in chosen) or "none"
        raise ProgramError(f"a classifier needs at least two classes, and there is {found}")
    return chosen


def _find_class(names: Sequence[str], part: str) -> str:
    if part in names:
        return part
    if part.isdecimal() and 1 <= int(part) <= len(names):
        return names[int(part) - 1]
    raise ProgramError(
        f"--classes names {part!r}, and the source has no such class of {len(names)}"
    )
