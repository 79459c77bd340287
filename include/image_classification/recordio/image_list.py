"""MXNet's .lst files: `index TAB label [TAB label ...] TAB path`, one line an image."""

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from include.image_classification.container import CommandError

_INTEGER = re.compile(r"-?\d{1,40}")


@dataclass(frozen=True)
class ListedImage:
    """One line of a list: the record's index, its labels, and the image's path as written."""

    index: int
    labels: tuple[float, ...]
    path: str


def read_list(path: Path, name: str | None = None) -> Iterator[tuple[str, ListedImage]]:
    """Yield the lines of a list, each with its position for messages ("train.lst line 3").

    As in MXNet, empty lines and spaces around fields are ignored. Paths that are not UTF-8 are
    kept (surrogateescape).

    Args:
        path: The list.
        name: What messages call the list; by default the file's name.

    Raises:
        CommandError: The list is in UTF-16, a line has fewer than three fields, or a number cannot
            be parsed. MXNet silently skips such an image.
    """
    name = name or path.name
    _refuse_utf16(path, name)
    # Only "\n" ends a line: a path may contain other characters that Python treats as a line end.
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="\n") as file:
        for number, line in enumerate(file, 1):
            if line.strip(" \r\t\n"):
                position = f"{name} line {number}"
                yield position, _parse(line, position)


def _refuse_utf16(path: Path, name: str) -> None:
    with path.open("rb") as file:
        start = file.read(2)
    if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        raise CommandError(
            f"{name} is text in UTF-16, as some Windows programs write it; save it as UTF-8"
        )


def _parse(line: str, position: str) -> ListedImage:
    fields = [field.strip(" \r") for field in line.strip(" \r\t\n").split("\t")]
    if len(fields) < 3:
        raise CommandError(
            f"{position} has {len(fields)} fields; it needs index, label and path, separated by"
            " tabs"
        )
    index, *labels, path = fields
    numbers = tuple(_parse_label(label, position) for label in labels)
    return ListedImage(_parse_index(index, position), numbers, path)


def _parse_index(text: str, position: str) -> int:
    # Python refuses to parse thousands of digits.
    if not _INTEGER.fullmatch(text):
        raise CommandError(f"{position}: the index {text[:40]!r} is not a whole number")
    return int(text)


def _parse_label(text: str, position: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise CommandError(
            f"{position}: the label {text!r} is not a number such as 3 or 3.000000"
        ) from error


def write_list(path: Path, images: Iterable[ListedImage]) -> None:
    """Write a list; labels have six decimals, as im2rec.py writes them."""
    with path.open("w", encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        for image in images:
            labels = "".join(f"{label:f}\t" for label in image.labels)
            file.write(f"{image.index}\t{labels}{image.path}\n")
