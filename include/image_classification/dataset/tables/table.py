"""A table whose rows name photos and their labels, from any kind of label file."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from include.contracts.dataset import Reason

SAMPLE_ROWS = 1000

Cells = Sequence[Any]
TableRow = tuple[str, Cells]
"""A row's position for messages ("labels.csv line 3") and its cells."""


@dataclass(frozen=True)
class UnusableCell:
    """A label that cannot be used, with the quarantine reason and its detail."""

    reason: Reason
    detail: str


@dataclass(frozen=True)
class Table:
    """A label file as a table.

    Attributes:
        name: The file's path in the source.
        columns: The names of the columns, or their numbers from 1 if the file has no header.
        headed: Whether the file names its columns.
        rows: Opens the rows; each call starts at the first row. A row may be shorter or longer than
            the columns.
        class_names: Names of class numbers that the file itself gives.
        labels: The columns that are known to hold labels, as in a Ground Truth manifest.
        base: The folder that paths are relative to, if it is not the file's own.
    """

    name: str
    columns: tuple[str, ...]
    headed: bool
    rows: Callable[[], Iterator[TableRow]] = field(repr=False)
    class_names: Mapping[int, str] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    base: str | None = None

    @property
    def folder(self) -> str:
        """The folder in the source that paths are relative to first, or ""."""
        return self.name.rpartition("/")[0] if self.base is None else self.base

    def sample(self) -> list[Cells]:
        """Return the cells of the first rows."""
        return [cells for _, cells in islice(self.rows(), SAMPLE_ROWS)]

    def described(self) -> str:
        """Return the columns for messages."""
        if self.headed:
            return f"the columns {', '.join(self.columns)}"
        first = next((cells for _, cells in self.rows()), ())
        shown = ", ".join(f"{number} ({cell})" for number, cell in enumerate(first, 1))
        return f"no header, and the columns {shown}"


def cell_text(cell: Any) -> str:
    """Return a cell as text: 3.0 and 3 are `3`, and a missing value is empty."""
    if cell is None or isinstance(cell, UnusableCell):
        return ""
    if isinstance(cell, bool):
        return str(int(cell))
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    return str(cell).strip()


def whole_number(text: str) -> int | None:
    """Return the whole number that a text such as `3` or `3.0` is, or None."""
    digits = text.removeprefix("-")
    if digits.isdecimal() and digits.isascii() and len(digits) < 19:
        return int(text)
    head, dot, zeros = text.partition(".")
    return whole_number(head) if dot and zeros and not zeros.strip("0") else None
