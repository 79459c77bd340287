"""Selection of a source's classes."""

import csv
from collections.abc import Sequence

from include.image_classification.container import CommandError


def choose_classes(names: Sequence[str], selection: str | None) -> list[str]:
    """Choose classes by `--classes`, in label order.

    Args:
        names: All classes of the source, in label order.
        selection: None for all classes; one number N for the first N; or names and 1-based
            numbers, separated by commas. Spaces around commas are ignored. A name that contains a
            comma is put in double quotes. A name takes precedence over a number.

    Raises:
        CommandError: A class does not exist, or there are fewer than two classes.
    """
    chosen = list(names)
    if selection and selection.strip().isdecimal():
        chosen = chosen[: int(selection)]
    elif selection:
        selected = {_find_class(names, part) for part in class_parts(selection)}
        chosen = [name for name in names if name in selected]
    if len(chosen) < 2:
        found = ", ".join(repr(name) for name in chosen) or "none"
        state = "is selected" if selection else "is in the source"
        raise CommandError(f"a classifier needs at least two classes, but only {found} {state}")
    return chosen


def class_parts(selection: str) -> list[str]:
    """Return the names and numbers of a comma-separated selection."""
    row = next(csv.reader([selection], skipinitialspace=True))
    return [part.strip() for part in row if part.strip()]


def _find_class(names: Sequence[str], part: str) -> str:
    for name in names:
        if part == name.strip():
            return name
    if part.isdecimal() and 1 <= int(part) <= len(names):
        return names[int(part) - 1]
    quotes = "; put a name with a comma in double quotes" if _is_split_name(names, part) else ""
    raise CommandError(
        f"--classes names {part!r}, which is not one of the source's {len(names)} classes{quotes}"
    )


def _is_split_name(names: Sequence[str], part: str) -> bool:
    return any("," in name and part in name for name in names)
