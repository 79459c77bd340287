"""The table of the pages' times, as docs/scale.md has it."""

from __future__ import annotations

from collections.abc import Mapping

START, END = "<!-- page times -->\n", "<!-- end of page times -->\n"
"""Around the table in docs/scale.md."""

HEADER = (
    "| page | warm | CPU | calls | cold | CPU | calls | cold, calls delayed | HTML |\n"
    "|---|---|---|---|---|---|---|---|---|\n"
)


def insert(document: str, rows: Mapping[str, Mapping[str, float]]) -> str:
    """Return a document with the table between its marks.

    Raises:
        ValueError: The document has no marks.
    """
    before, start, rest = document.partition(START)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"the document has no {START.strip()} and {END.strip()}")
    return f"{before}{start}{markdown(rows)}\n{end}{after}"


def markdown(rows: Mapping[str, Mapping[str, float]]) -> str:
    """Return the figures of all pages."""
    return HEADER + "\n".join(_row(name, row) for name, row in rows.items())


def _row(name: str, row: Mapping[str, float]) -> str:
    return (
        f"| {name} | {row['warm'] * 1000:,.0f} ms | {row['warm_cpu'] * 1000:,.0f} ms"
        f" | {row['warm_calls']:,.0f}"
        f" | {row['cold'] * 1000:,.0f} ms | {row['cold_cpu'] * 1000:,.0f} ms"
        f" | {row['cold_calls']:,.0f}"
        f" | {row['far'] * 1000:,.0f} ms | {row['kilobytes']:,.0f} kB |"
    )
