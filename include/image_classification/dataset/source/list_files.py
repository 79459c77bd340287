"""The rows of .lst files as a source has them: one whole label an image, and classes' names."""

import json
from collections.abc import Sequence
from pathlib import Path

from include.contracts.dataset import Reason, Split
from include.image_classification.container import ProgramError
from include.image_classification.dataset.archives.member import normal, path_problem
from include.image_classification.dataset.source.labelled import Row
from include.image_classification.recordio.image_list import ListedImage, read_list

CLASSES_FILES = ("classes.txt", "classes.json")


def read_rows(path: Path, name: str, split: Split | None) -> list[Row]:
    """Read a list's rows.

    Args:
        path: The list.
        name: What it is called in the source, for messages.
        split: The part of the data that the list is of, if it says so.

    Raises:
        ProgramError: It is empty, or a line is not one of a list of one whole label an image; it
            names file and line.
    """
    rows = [_row(listed, where, split) for where, listed in read_list(path, name)]
    if not rows:
        raise ProgramError(f"{name} lists no images; write index, label and path on each line")
    return rows


def _row(listed: ListedImage, where: str, split: Split | None) -> Row:
    if len(listed.labels) != 1:
        raise ProgramError(
            f"{where} has {2 + len(listed.labels)} fields; it needs index, label and path, with"
            " tabs between"
        )
    (label,) = listed.labels
    if not label.is_integer():
        raise ProgramError(
            f"{where}: the label '{label:g}' is not a whole number such as 3 or 3.000000"
        )
    problem: tuple[Reason, str] | None = None
    if path_problem(listed.path):
        problem = "unsafe-member", f"{where} names a path out of the folder of photos"
    return Row(where, normal(listed.path), int(label), None, split, problem)


def class_names(folders: Sequence[Path], rows: Sequence[Row]) -> list[str]:
    """The classes of lists: from classes.txt or classes.json beside them, else their numbers.

    Args:
        folders: Where the lists are.
        rows: The rows of all lists.

    Raises:
        ProgramError: There are several such files or one is no list of different names; or,
            without one, the labels are not 0 to N-1 for N classes.
    """
    files = [
        path for folder in folders for name in CLASSES_FILES if (path := folder / name).exists()
    ]
    if len(files) > 1:
        names = " and ".join(path.name for path in files)
        raise ProgramError(f"the classes' names may be in {names}; keep one")
    return _read_names(files[0]) if files else _numbers(rows)


def _read_names(file: Path) -> list[str]:
    try:
        text = file.read_bytes().decode("utf-8-sig")
        names = json.loads(text) if file.suffix == ".json" else text.strip().splitlines()
    except ValueError as error:
        raise ProgramError(f"{file.name} cannot be read ({error}); write it as UTF-8") from error
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ProgramError(f'{file.name} is no list of names such as ["cat", "dog"]')
    names = [name.strip() for name in names]
    for number, name in enumerate(names, start=1):
        if not name or name in names[: number - 1]:
            said = f"{name!r} again" if name else "no name"
            raise ProgramError(f"{file.name} line {number} has {said}; each class needs its own")
    return names


def _numbers(rows: Sequence[Row]) -> list[str]:
    highest = max(rows, key=lambda row: row.number)
    labels = {row.number for row in rows}
    missing = next(number for number in range(len(labels) + 1) if number not in labels)
    if missing < highest.number:
        raise ProgramError(
            f"{highest.where}: the label is {highest.number}, and no image has the label"
            f" {missing}; labels count from 0 without a gap, or classes.txt names all classes"
        )
    return [str(number) for number in range(missing)]
