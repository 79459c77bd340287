"""Names of the classes that a table's labels number."""

import csv
import io
import json
import re
from collections.abc import Collection, Mapping, Sequence

from include.image_classification.container import CommandError
from include.image_classification.dataset.tables.column_names import simplify
from include.image_classification.dataset.tables.readers.csv_table import find_separator
from include.image_classification.dataset.tables.readers.text import decode_text
from include.image_classification.dataset.tables.table import whole_number

_FILE = re.compile(
    r"(class(es)?|(class|label|category|cat)?[_-]?(to[_-])?names?|id2label|"
    r"(class|label|category|cat)(es|s)?[_-]?(names?|map|mapping|dict|to[_-]name)|"
    r"label[_-]num[_-]to[_-]\w+[_-]map)\.(txt|csv|json)"
)
_NUMBERED = re.compile(r"(\d+)[\s,;:.]+(\S.*)")
_HEADERS = frozenset({"name", "names", "class", "classes", "classname", "label", "labelname"})


def is_names_file(path: str) -> bool:
    """Return whether a file is named like a list of class names: classes.txt, names.csv."""
    return _FILE.fullmatch(path.rpartition("/")[2].lower()) is not None


def read_names(name: str, data: bytes) -> Sequence[str] | Mapping[int, str]:
    """Return the class names in a file: a list, or names by number if the file numbers them.

    A text or CSV file has one name a line, or a number and a name. A JSON file has a list of names,
    or an object with a name for each number, or a number for each name.

    Raises:
        CommandError: The file has no names, or a name or number twice.
    """
    text = decode_text(data, name)
    names = _from_json(name, text) if name.lower().endswith(".json") else _from_lines(name, text)
    found = list(names.values()) if isinstance(names, Mapping) else list(names)
    repeated = next((one for number, one in enumerate(found) if one in found[:number]), None)
    if repeated is not None or not all(found):
        problem = f"the name {repeated!r} twice" if repeated else "a class without a name"
        raise CommandError(f"{name} has {problem}; each class needs its own name")
    if not found:
        raise CommandError(f"{name} has no class names; write one name a line")
    return names


def name_numbers(
    numbers: Collection[int], names: Sequence[str] | Mapping[int, str], file: str
) -> Mapping[int, str]:
    """Return the class names by the numbers that the labels use.

    A list of names is numbered from 1 if the highest label is the number of names and no label is
    0; from 0 if a label is 0.

    Args:
        numbers: The numbers that occur as labels.
        names: The content of the file of class names.
        file: Its name, for messages.

    Raises:
        CommandError: The labels may be numbered from 0 or from 1.
    """
    if isinstance(names, Mapping):
        return names
    if 0 in numbers:
        return dict(enumerate(names))
    if len(names) in numbers:
        return dict(enumerate(names, start=1))
    raise CommandError(
        f"the labels are {min(numbers)} to {max(numbers)}, and {file} has {len(names)} names:"
        f" whether they are numbered from 0 or 1 is not clear; write a number and a name on each"
        " line"
    )


def describe_names(file: str | None, classes: Sequence[str]) -> list[str]:
    """Return where class names are from, for users, or that there are only numbers.

    Args:
        file: The file with the class names, or None if the labels are names or have none.
        classes: The classes.
    """
    if file:
        return [f"class names in {file}"]
    if classes and all(whole_number(name) is not None for name in classes):
        return ["the classes are numbers without names; classes.txt, one name a line, names them"]
    return []


def _from_json(name: str, text: str) -> Sequence[str] | Mapping[int, str]:
    try:
        content = json.loads(text)
    except ValueError as error:
        raise CommandError(f"{name} cannot be read ({error}); correct it") from error
    if isinstance(content, list) and all(isinstance(entry, str) for entry in content):
        return [entry.strip() for entry in content]
    if isinstance(content, dict):
        for pairs in (content.items(), ((value, key) for key, value in content.items())):
            named = [(whole_number(str(key)), value) for key, value in pairs]
            if all(key is not None and isinstance(value, str) for key, value in named):
                return {key: value.strip() for key, value in named if key is not None}
    raise CommandError(
        f'{name} is neither a list of names such as ["cat", "dog"] nor names by number such as'
        ' {"0": "cat"}'
    )


def _from_lines(name: str, text: str) -> Sequence[str] | Mapping[int, str]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    numbered = _numbered(name, text, lines)
    if numbered:
        return numbered
    # A name may contain a comma; quotes around it are CSV's.
    names = [line[1:-1].replace('""', '"') if line[:1] == line[-1:] == '"' else line
             for line in lines]  # fmt: skip
    return names[1:] if names and simplify(names[0]) in _HEADERS else names


def _numbered(name: str, text: str, lines: Sequence[str]) -> Mapping[int, str]:
    """Return names by number, if all lines (except a header) have a number and a name."""
    separator = find_separator(name, text)
    pairs: list[tuple[int | None, str]] = []
    if separator:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
        cells = [row for row in rows if any(cell.strip() for cell in row)]
        if all(len(row) == 2 for row in cells):
            pairs = [_pair(*(cell.strip() for cell in row)) for row in cells]
    if not pairs:
        found = [_NUMBERED.fullmatch(line) for line in lines]
        pairs = [(int(match[1]), match[2].strip()) if match else (None, "") for match in found]
    headed = pairs[:1] and pairs[0][0] is None
    rest = pairs[1:] if headed else pairs
    numbers = [number for number, _ in rest]
    if not rest or None in numbers or len(set(numbers)) < len(numbers):
        return {}
    return {number: label for number, label in rest if number is not None}


def _pair(first: str, second: str) -> tuple[int | None, str]:
    number = whole_number(first)
    return (whole_number(second), first) if number is None else (number, second)
