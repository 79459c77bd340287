"""The gallery: a page of a batch's images with their predictions."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from include.image_classification.pages.page import render
from include.image_classification.pages.thumbnails import make_thumbnail
from include.image_classification.progress import with_progress
from include.image_classification.reporting.rows import Row

MAX_PICTURES = 1200
"""The least confident images are shown up to this number, because larger pages open slowly."""

WIDTH, HEIGHT = 288, 192
UNSURE, SURE = 0.5, 0.8
BANDS = ("sure", "fair", "unsure")
TOP_CLASSES = 6


def write_gallery(path: Path, batch: str, rows: Sequence[Row], images: Path) -> None:
    """Write the gallery of rows (the least confident first) as one self-contained page.

    An image that is missing or cannot be decoded is shown as an empty frame.
    """
    shown = rows[:MAX_PICTURES]
    cards = [
        {"row": row, "picture": make_thumbnail(images / row.file, WIDTH, HEIGHT), "band": band(row)}
        for row in with_progress(shown, "gallery: pictures", len(shown))
    ]
    page = render("gallery.html.jinja", batch=batch, cards=cards, **overview(rows))
    path.write_text(page, encoding="utf-8", errors="replace")


def band(row: Row) -> str:
    """Return the confidence band of a prediction: `unsure`, `fair` or `sure`."""
    if row.probability < UNSURE:
        return "unsure"
    return "fair" if row.probability < SURE else "sure"


def overview(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the figures at the top of the page."""
    known = [row for row in rows if row.correct is not None]
    counts = Counter(row.label for row in rows)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    bands = Counter(band(row) for row in rows)
    return {
        "images": len(rows),
        "labels": sorted(counts),
        "ranked": ranked[:TOP_CLASSES],
        "most": ranked[0][1],
        "bands": [
            (name, bands[name], bands[name] / len(rows)) for name in ("sure", "fair", "unsure")
        ],
        "median": sorted(row.probability for row in rows)[len(rows) // 2],
        "known": len(known),
        "right": sum(bool(row.correct) for row in known),
    }
