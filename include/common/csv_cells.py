"""Cells of CSV files that spreadsheets take for text, whatever they begin with.

Excel, LibreOffice and Google Sheets evaluate a cell that begins like a formula. Names of files and
classes are other people's, so an apostrophe is put before such a text, by which spreadsheets know
text (OWASP, "CSV Injection"). Numbers stay as they are.
"""

from __future__ import annotations

import re
from typing import Any

_FORMULA = re.compile(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
"""How a formula begins, in half and in full width; and an apostrophe before it, so that `restore`
is exact."""

_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def defuse(cell: Any) -> Any:
    """Return a cell as it is written: a text that would be a formula gets an apostrophe before."""
    if not isinstance(cell, str) or _NUMBER.fullmatch(cell) or not _FORMULA.match(cell):
        return cell
    return f"'{cell}"


def restore(cell: str) -> str:
    """Return the text that `defuse` made a cell of."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
