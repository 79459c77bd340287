"""Stanford Cars' development kit: which photo shows which car, in MATLAB's format."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from scipy.io import loadmat

from include.image_classification.container import ProgramError
from include.image_classification.dataset.archives import archive_stem, members

CLASSES_FILE = "cars_meta.mat"
ANNOTATIONS_FILE = "cars_train_annos.mat"


@dataclass(frozen=True)
class Annotation:
    """One row: a photo's file name and its class, counted from 1 as the devkit does."""

    file_name: str
    number: int


@dataclass(frozen=True)
class Devkit:
    """Class names in the order of their numbers, and one annotation a photo."""

    path: Path
    classes: Sequence[str]
    annotations: Sequence[Annotation]


def find_devkit(folder: Path) -> Path:
    """Find the archive or folder that holds the development kit.

    An archive with `devkit` in its name wins over folders.

    Raises:
        ProgramError: There is none, or more than one to choose from.
    """
    found = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "devkit" in path.name.lower() and archive_stem(path) is not None
    ] or [path.parent for path in sorted(folder.rglob(ANNOTATIONS_FILE))]
    if not found:
        raise ProgramError(
            f"the source has no car_devkit.tgz and no folder with {ANNOTATIONS_FILE} and"
            f" {CLASSES_FILE}; the photos have no labels without it, so put one beside them"
        )
    if len(found) > 1:
        names = " and ".join(path.relative_to(folder).as_posix() or "." for path in found)
        raise ProgramError(f"the source has more than one devkit ({names}); keep one")
    return found[0]


def read_devkit(path: Path) -> Devkit:
    """Read a development kit from its archive or folder.

    Raises:
        ProgramError: A file is missing, is no .mat file, or does not hold what it should.
    """
    files = _mat_files(path)
    classes = _variable(files[CLASSES_FILE], CLASSES_FILE, "class_names")
    rows = _variable(files[ANNOTATIONS_FILE], ANNOTATIONS_FILE, "annotations")
    names = [str(name).strip() for name in classes]
    if len(set(names)) != len(names):
        raise ProgramError(f"{CLASSES_FILE} in {path.name} names a class twice; fetch it again")
    return Devkit(path, names, list(_annotations(rows, path)))


def _mat_files(path: Path) -> dict[str, bytes]:
    wanted = (CLASSES_FILE, ANNOTATIONS_FILE)
    if path.is_dir():
        files = {name: (path / name).read_bytes() for name in wanted if (path / name).is_file()}
    else:
        files = {}
        for member in members(path):
            name = PurePosixPath(member.path).name
            if name in wanted and not member.problem:
                files[name] = member.read()
    for name in wanted:
        if name not in files:
            raise ProgramError(f"{path.name} has no {name}; fetch the whole devkit again")
    return files


def _annotations(rows: Any, path: Path) -> Iterator[Annotation]:
    missing = {"class", "fname"} - set(rows.dtype.names or ())
    if missing:
        raise ProgramError(
            f"{ANNOTATIONS_FILE} in {path.name} has no {' and no '.join(sorted(missing))}; the"
            " devkit with labels is needed"
        )
    for number, name in zip(rows["class"], rows["fname"], strict=True):
        try:
            yield Annotation(str(name), int(number))
        except (TypeError, ValueError) as error:
            raise ProgramError(f"{ANNOTATIONS_FILE} labels {name!r} with {number!r}") from error


def _variable(data: bytes, file_name: str, name: str) -> Any:
    # Whatever is wrong with the bytes, scipy raises something of its own for it.
    try:
        variables = loadmat(io.BytesIO(data), squeeze_me=True)
    except Exception as error:
        message = f"{file_name} is not a .mat file that can be read ({error}); fetch it again"
        raise ProgramError(message) from error
    if name not in variables:
        raise ProgramError(f"{file_name} has no variable {name}; fetch the devkit again")
    # One row comes back as a scalar.
    return np.atleast_1d(variables[name])
