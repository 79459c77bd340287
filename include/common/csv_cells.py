"""CSV cells that spreadsheets show as text and never evaluate.

Excel, LibreOffice and Google Sheets evaluate a cell that begins like a formula. Names of files and
classes come from others, so such a text gets a leading apostrophe, which spreadsheets read as the
mark of text (OWASP, "CSV Injection"). Numbers are not changed.
"""

from __future__ import annotations

import re
from typing import Any

_FORMULA = re.compile(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
"""The start of a formula, in half and full width. Leading apostrophes are included, so that
`unescape_cell` is exact."""

_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def escape_cell(cell: Any) -> Any:
    """Return a cell's value for a CSV file: text like a formula gets a leading apostrophe."""
    if not isinstance(cell, str) or _NUMBER.fullmatch(cell) or not _FORMULA.match(cell):
        return cell
    return f"'{cell}"


def unescape_cell(cell: str) -> str:
    """Return the text from which `escape_cell` made a cell."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
