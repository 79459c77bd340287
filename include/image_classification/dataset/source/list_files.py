"""Rows of a source's .lst files, with one whole-number label an image, and class names."""

import json
from collections.abc import Sequence
from pathlib import Path

from include.contracts.dataset import Reason, Split
from include.image_classification.container import CommandError
from include.image_classification.dataset.archives.formats import describe_content, read_start
from include.image_classification.dataset.archives.member import normalize, path_problem
from include.image_classification.dataset.source.labelled import Row
from include.image_classification.recordio.image_list import ListedImage, read_list

CLASSES_FILES = ("classes.txt", "classes.json")


def read_rows(path: Path, name: str, split: Split | None) -> list[Row]:
    """Return the rows of a list.

    Args:
        path: The list.
        name: Its name in the source, for messages.
        split: The split of the list's images, if its name determines one.

    Raises:
        CommandError: The list is empty, or a line does not have one whole-number label; the message
            names file and line.
    """
    if described := describe_content(read_start(path)):
        raise CommandError(f"{name} is {described}")
    rows = [_row(listed, position, split) for position, listed in read_list(path, name)]
    if not rows:
        raise CommandError(f"{name} lists no images; write index, label and path on each line")
    return rows


def _row(listed: ListedImage, position: str, split: Split | None) -> Row:
    if len(listed.labels) != 1:
        raise CommandError(
            f"{position} has {2 + len(listed.labels)} fields; it needs index, label and path,"
            " separated by tabs"
        )
    (label,) = listed.labels
    if not label.is_integer():
        raise CommandError(
            f"{position}: the label '{label:g}' is not a whole number such as 3 or 3.000000"
        )
    problem: tuple[Reason, str] | None = None
    if path_problem(listed.path):
        problem = "unsafe-member", f"{position} names a path outside the folder of photos"
    return Row(position, normalize(listed.path), int(label), None, split, problem)


def class_names(folders: Sequence[Path], rows: Sequence[Row]) -> list[str]:
    """Return the class names from classes.txt or classes.json, or the numbers as names.

    Args:
        folders: The folders of the lists.
        rows: The rows of all lists.

    Raises:
        CommandError: There are several files of names, or a file is not a list of different names;
            or, without a file, the labels are not 0 to N-1 for N classes.
    """
    files = [
        path for folder in folders for name in CLASSES_FILES if (path := folder / name).exists()
    ]
    if len(files) > 1:
        names = " and ".join(path.name for path in files)
        raise CommandError(f"there are several files of class names, {names}; keep one of them")
    return _read_names(files[0]) if files else _numbers(rows)


def _read_names(file: Path) -> list[str]:
    try:
        text = file.read_bytes().decode("utf-8-sig")
        names = json.loads(text) if file.suffix == ".json" else text.strip().splitlines()
    except ValueError as error:
        raise CommandError(f"{file.name} cannot be read ({error}); write it as UTF-8") from error
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise CommandError(f'{file.name} is not a list of names such as ["cat", "dog"]')
    names = [name.strip() for name in names]
    for number, name in enumerate(names, start=1):
        if not name or name in names[: number - 1]:
            problem = f"{name!r} again" if name else "no name"
            raise CommandError(
                f"{file.name} line {number} has {problem}; each class needs its own name"
            )
    return names


def _numbers(rows: Sequence[Row]) -> list[str]:
    highest = max(rows, key=lambda row: row.number)
    labels = {row.number for row in rows}
    missing = next(number for number in range(len(labels) + 1) if number not in labels)
    if missing < highest.number:
        raise CommandError(
            f"{highest.position}: the label is {highest.number}, but no image has the label"
            f" {missing}; number the labels from 0 without gaps, or name all classes in classes.txt"
        )
    return [str(number) for number in range(missing)]
