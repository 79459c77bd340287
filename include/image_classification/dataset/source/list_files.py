"""Parsing .lst files, MXNet's lists of images: `index TAB label TAB path`, one image a line."""

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from include.image_classification.container import ProgramError
from include.image_classification.dataset.archives.member import normal, path_problem
from include.image_classification.dataset.source.labelled import Row
from include.image_classification.dataset.version.manifest import Reason, Split

CLASSES_FILES = ("classes.txt", "classes.json")


def parse_list(text: str, file: str, split: Split | None) -> Iterator[Row]:
    """Yield the rows of a list, as MXNet reads it: empty lines and spaces around fields are lost.

    Args:
        text: The whole list.
        file: Its name, for messages.
        split: The part of the data that the list is of, if it says so.

    Raises:
        ProgramError: A line is not one of a list; it names file and line.
    """
    # Only these end a line: names may hold what Python takes for a line's end, too.
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip(" \r\t"):
            yield _row(line, f"{file} line {number}", split)


def _row(line: str, where: str, split: Split | None) -> Row:
    fields = [field.strip(" \r") for field in line.strip(" \r\t").split("\t")]
    if len(fields) != 3:
        raise ProgramError(
            f"{where} has {len(fields)} fields; it needs index, label and path, with tabs between"
        )
    index, label, name = fields
    if not index.lstrip("-").isdecimal():
        raise ProgramError(f"{where}: the index {index!r} is no whole number")
    problem: tuple[Reason, str] | None = None
    if path_problem(name):
        problem = "unsafe-member", f"{where} names a path out of the folder of photos"
    return Row(where, normal(name), _label(label, where), None, split, problem)


def _label(text: str, where: str) -> int:
    try:
        label = float(text)
    except ValueError:
        label = math.nan
    if not math.isfinite(label) or label != int(label):
        raise ProgramError(f"{where}: the label {text!r} is no whole number such as 3 or 3.000000")
    return int(label)


def read_list(path: Path, name: str, split: Split | None) -> list[Row]:
    """Read a list's rows.

    Raises:
        ProgramError: It is empty, or a line is not one of a list.
    """
    # Names are bytes to the system; those that are no UTF-8 are kept.
    text = path.read_bytes().decode("utf-8-sig", "surrogateescape")
    rows = list(parse_list(text, name, split))
    if not rows:
        raise ProgramError(f"{name} lists no images; write index, label and path on each line")
    return rows


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
