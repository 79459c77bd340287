"""The table of the figures, as docs/scale.md has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

START, END = "<!-- tasks -->\n", "<!-- end of tasks -->\n"
"""Around the table in docs/scale.md."""

Results = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Figures by number of images and task."""


def markdown(results: Results) -> str:
    """Return a row for each task, with its figures at each number of images."""
    sizes = sorted(results, key=int)
    labels = [f"{int(size):,}" for size in sizes]
    head = ["task", *(f"CPU at {label}" for label in labels)]
    head += [f"peak at {label}" for label in labels]
    head += ["growth of the peak", "requests", "read", "XComs"]
    rows = [head, ["---"] * len(head)]
    tasks = dict.fromkeys(task for size in sizes for task in results[size])
    rows += [_row(task, [results[size].get(task) for size in sizes]) for task in tasks]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _row(task: str, found: list[Mapping[str, Any] | None]) -> list[str]:
    known = [figures for figures in found if figures]
    return [
        task,
        *("" if f is None else f"{f['cpu_seconds']:.2f} s" for f in found),
        *("" if f is None else f"{f['megabytes']} MB" for f in found),
        _each(known, "growth", "MB"),
        _each(known, "requests", ""),
        _each(known, "kilobytes", "kB"),
        _each(known, "xcom_bytes", "B"),
    ]


def _each(known: list[Mapping[str, Any]], name: str, unit: str) -> str:
    """Return a figure at all numbers of images, once if it is always the same."""
    texts = [f"{figures.get(name, 0):,}" for figures in known]
    shown = texts[:1] if len(set(texts)) == 1 else texts
    return f"{' / '.join(shown)} {unit}".strip()
