"""Which of a source's classes are used."""

import csv
from collections.abc import Sequence

from include.image_classification.container import ProgramError


def choose_classes(names: Sequence[str], wanted: str | None) -> list[str]:
    """Choose classes by `--classes`, in label order.

    Args:
        names: All of the source's classes, in label order.
        wanted: Nothing for all; one number for so many first ones; or names and 1-based numbers,
            separated by commas, spaces around them left out. A name that holds a comma is put in
            double quotes. What is both a name and a number is the name.

    Raises:
        ProgramError: A class is not there, or fewer than two are left to tell apart.
    """
    chosen = list(names)
    if wanted and wanted.strip().isdecimal():
        chosen = chosen[: int(wanted)]
    elif wanted:
        asked = {_find_class(names, part) for part in class_parts(wanted)}
        chosen = [name for name in names if name in asked]
    if len(chosen) < 2:
        found = ", ".join(repr(name) for name in chosen) or "none"
        raise ProgramError(f"a classifier needs at least two classes, and there is {found}")
    return chosen


def class_parts(wanted: str) -> list[str]:
    """The names and numbers of a `--classes` that is more than one number."""
    row = next(csv.reader([wanted], skipinitialspace=True))
    return [part.strip() for part in row if part.strip()]


def _find_class(names: Sequence[str], part: str) -> str:
    for name in names:
        if part == name.strip():
            return name
    if part.isdecimal() and 1 <= int(part) <= len(names):
        return names[int(part) - 1]
    quotes = "; put a name with a comma in double quotes" if _is_cut(names, part) else ""
    raise ProgramError(
        f"--classes names {part!r}, and the source has no such class of {len(names)}{quotes}"
    )


def _is_cut(names: Sequence[str], part: str) -> bool:
    return any("," in name and part in name for name in names)
