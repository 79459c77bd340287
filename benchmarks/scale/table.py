"""The table of the figures, as docs/scale.md has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict


class Measured(TypedDict):
    """The figures of a stage at a number of images, and the processor they were measured on."""

    stage: str
    images: int
    processor: str
    figures: dict[str, float]


START, END = "<!-- figures -->\n", "<!-- end of figures -->\n"
"""Around the table in docs/scale.md."""

HEADER = (
    "| command | images | peak memory | bytes an image | CPU | CPU an image | wall clock | page |\n"
    "|---|---|---|---|---|---|---|---|\n"
)


def insert(document: str, table: str, marks: tuple[str, str] = (START, END)) -> str:
    """Return a document with a table between two marks.

    Raises:
        ValueError: The document has no marks.
    """
    before, start, rest = document.partition(marks[0])
    _, end, after = rest.partition(marks[1])
    if not end:
        raise ValueError(f"the document has no {marks[0].strip()} and {marks[1].strip()}")
    return f"{before}{start}{table}\n{end}{after}"


def markdown(measured: Sequence[Measured]) -> str:
    """Return all figures; bytes an image are the growth since the next smaller measurement."""
    stages = dict.fromkeys(row["stage"] for row in measured)
    rows = []
    for stage in stages:
        smaller: Measured | None = None
        same = [row for row in measured if row["stage"] == stage]
        for row in sorted(same, key=lambda row: row["images"]):
            rows.append(_row(row, smaller))
            smaller = row
    return HEADER + "\n".join(rows)


def _row(row: Measured, smaller: Measured | None) -> str:
    figures, images = row["figures"], row["images"]
    cpu = figures["user"] + figures["system"]
    growth = "" if smaller is None else f"{_growth(row, smaller):,.0f}"
    page = f"{figures['page'] / 1e6:.2f} MB" if "page" in figures else ""
    return (
        f"| {row['stage']} | {images:,} | {figures['megabytes']:,.0f} MB | {growth}"
        f" | {cpu:,.1f} s | {cpu / images * 1e6:,.0f} µs | {figures['seconds']:,.1f} s | {page} |"
    )


def _growth(row: Measured, smaller: Measured) -> float:
    megabytes = row["figures"]["megabytes"] - smaller["figures"]["megabytes"]
    return megabytes * 1024 * 1024 / (row["images"] - smaller["images"])
