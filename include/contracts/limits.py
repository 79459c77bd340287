"""Size limits of a photo that is decoded.

The container image keeps them in a refresh, in a conversion and as a server. The Airflow worker
screens incoming photos by them, so that no photo passes which the container image would refuse.
"""

from __future__ import annotations

from collections.abc import Mapping

MOST_PIXELS = 100_000_000
"""Width times height: a few kilobytes can unfold to gigabytes."""

LONGEST_SIDE: Mapping[str, int] = {"jpg": 65_500, "png": 1_000_000}
"""Width and height by suffix, in pixels: what libjpeg and libpng decode at most."""

MOST_SEGMENTS = 10_000
"""Segments of a JPEG that are looked at for its end. Photos have tens, some of them hundreds."""

MOST_CHUNKS = 100_000
"""Chunks of a PNG that are looked at for its end. Encoders write 8 KB or more into each."""


def size_problem(suffix: str, width: int, height: int) -> str | None:
    """Return which limit a JPEG ("jpg") or PNG ("png") of this size exceeds, or None."""
    if width * height > MOST_PIXELS:
        return f"{width} x {height} pixels, more than {MOST_PIXELS}"
    if max(width, height) > LONGEST_SIDE[suffix]:
        return f"{width} x {height} pixels, more than {LONGEST_SIDE[suffix]} on one side"
    return None
