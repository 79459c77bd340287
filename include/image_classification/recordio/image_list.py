"""MXNet's .lst files: `index TAB label [TAB label ...] TAB path`, one image a line."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from include.image_classification.container import ProgramError


@dataclass(frozen=True)
class Listed:
    """One line: the record's index, its labels, and the image's path as the list has it."""

    index: int
    labels: tuple[float, ...]
    path: str


def read_list(path: Path, name: str | None = None) -> Iterator[tuple[str, Listed]]:
    """Yield a list's lines, each with where it is, for messages about it.

    As MXNet reads them, empty lines and spaces around fields are lost. Names are bytes to the
    system; those that are no UTF-8 are kept.

    Args:
        path: The list.
        name: What messages call it; left out, by its file's name.

    Raises:
        ProgramError: A line is not one of three or more fields, or its numbers are none. MXNet
            leaves such an image out.
    """
    name = name or path.name
    # Only "\n" ends a line: names may hold what Python takes for a line's end, too.
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="\n") as file:
        for number, line in enumerate(file, 1):
            if line.strip(" \r\t\n"):
                where = f"{name} line {number}"
                yield where, _parse(line, where)


def _parse(line: str, where: str) -> Listed:
    fields = [field.strip(" \r") for field in line.strip(" \r\t\n").split("\t")]
    if len(fields) < 3:
        raise ProgramError(
            f"{where} has {len(fields)} fields; it needs index, label and path, with tabs between"
        )
    index, *labels, path = fields
    if not index.lstrip("-").isdecimal():
        raise ProgramError(f"{where}: the index {index!r} is no whole number")
    return Listed(int(index), tuple(_label(label, where) for label in labels), path)


def _label(text: str, where: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise ProgramError(
            f"{where}: the label {text!r} is no number such as 3 or 3.000000"
        ) from error


def write_list(path: Path, images: Iterable[Listed]) -> None:
    """Write a list; labels have six decimals, as im2rec.py writes them."""
    with path.open("w", encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        for image in images:
            labels = "".join(f"{label:f}\t" for label in image.labels)
            file.write(f"{image.index}\t{labels}{image.path}\n")
