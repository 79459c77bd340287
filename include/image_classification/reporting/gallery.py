"""The gallery: a page of a batch's images with their predictions."""

from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from include.image_classification.pages.page import render
from include.image_classification.pages.thumbnails import make_thumbnail
from include.image_classification.progress import with_progress
from include.image_classification.reporting.overview import Overview, band

MAX_PICTURES = 1200
"""The least confident images are shown up to this number, because larger pages open slowly."""

MAX_REASONS = 100
"""The page names this number of unreadable images; the batch's batch.json lists all."""

WIDTH, HEIGHT = 288, 192
TOP_CLASSES = 6


def write_gallery(
    path: Path, batch: str, overview: Overview, images: Path, unreadable: Mapping[str, str]
) -> None:
    """Write the gallery of an overview's least confident rows as one self-contained page.

    The page also names the first images that could not be read, with the reasons.

    An image that is missing or cannot be decoded is shown as an empty frame.
    """
    shown = overview.least_confident()
    cards = [
        {"row": row, "picture": make_thumbnail(images / row.file, WIDTH, HEIGHT), "band": band(row)}
        for row in with_progress(shown, "gallery: pictures", len(shown))
    ]
    labels = sorted({row.label for row in shown})
    page = render(
        "gallery.html.jinja",
        batch=batch,
        cards=cards,
        labels=labels,
        unreadable=len(unreadable),
        reasons=list(islice(unreadable.items(), MAX_REASONS)),
        **_figures(overview),
    )
    path.write_text(page, encoding="utf-8", errors="replace")


def _figures(overview: Overview) -> dict[str, Any]:
    """Return the figures at the top of the page."""
    ranked = sorted(overview.classes.items(), key=lambda item: (-item[1], item[0]))
    return {
        "images": overview.images,
        "classes": len(ranked),
        "ranked": ranked[:TOP_CLASSES],
        "most": ranked[0][1] if ranked else 0,
        "bands": [
            (name, overview.bands[name], overview.bands[name] / max(overview.images, 1))
            for name in ("sure", "fair", "unsure")
        ],
        "median": overview.median,
        "known": overview.known,
        "right": overview.right,
    }
