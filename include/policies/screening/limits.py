"""Size limits of a photo: those of the container image, which refuses anything larger.

The pair of `include/image_classification/dataset/photo/limits.py`. The container image and the
policies share no module, so the numbers are written down twice. A test compares them, and runs
both sides at each limit.
"""

from __future__ import annotations

from collections.abc import Mapping

MOST_PIXELS = 100_000_000
"""Width times height of a photo that is decoded."""

LONGEST_SIDE: Mapping[str, int] = {"JPEG": 65_500, "PNG": 1_000_000}
"""Width and height by format, in pixels: what libjpeg and libpng decode at most."""

MOST_SEGMENTS = 10_000
"""Segments of a JPEG that are looked at for its end. Photos have tens, some of them hundreds."""

MOST_CHUNKS = 100_000
"""Chunks of a PNG that are looked at for its end. Encoders write 8 KB or more into each."""


def size_problem(kind: str, width: int, height: int) -> str | None:
    """Return which limit a JPEG or PNG of this size exceeds, or None."""
    if width * height > MOST_PIXELS:
        return f"{width} x {height} pixels, more than {MOST_PIXELS}"
    if max(width, height) > LONGEST_SIDE[kind]:
        return f"{width} x {height} pixels, more than {LONGEST_SIDE[kind]} on one side"
    return None
