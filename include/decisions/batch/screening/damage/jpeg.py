"""JPEGs: what libjpeg only warns of, and our image refuses."""

from __future__ import annotations

import re

from include.contracts.limits import MAX_SEGMENTS
from include.contracts.photo_formats import (
    HARMLESS_STRAY_SHARE,
    JPEG_END_CODE,
    JPEG_MARKER,
    STRAY_BYTES,
)

MOST_STRAYS = 8
"""In so many places at most."""

NOT_SUPPORTED = re.compile("subsampling|colorspace|unsupported", re.IGNORECASE)
"""simplejpeg's own words of what it cannot decode, and our image can."""

SCAN = 0xDA


def jpeg_damage(jpeg: bytes) -> str | None:
    """Return why our image refuses a JPEG, or None; of several pictures, the first is looked at.

    Stricter than our image in this: stray bytes within a scan, where it restarts, are never
    harmless. They are what a decoder leaves that had lost its way.
    """
    left = len(jpeg) * HARMLESS_STRAY_SHARE
    message = ""
    for _ in range(MOST_STRAYS):
        markers = _markers(jpeg)
        if markers is None:
            return "is cut off: it has no end"
        message = _warning(jpeg)
        stray = STRAY_BYTES.search(message)
        if stray is None:
            return f"is damaged: {message}" if message else None
        # Only the last warning is told: look again without what it is about.
        size, at = int(stray[1]), markers.get(int(stray[2], 16))
        left -= size
        if left < 0 or at is None:
            break
        jpeg = jpeg[: at - size] + jpeg[at:]
    return f"is damaged: {message}"


def _warning(jpeg: bytes) -> str:
    """The last thing that libjpeg has to say; "" for nothing."""
    import simplejpeg

    try:
        simplejpeg.decode_jpeg(jpeg, "GRAY", min_height=1, min_width=1)
    except ValueError as error:
        return "" if NOT_SUPPORTED.search(str(error)) else str(error)
    return ""


def _markers(jpeg: bytes) -> dict[int, int] | None:
    """Where the first picture's segments start; None where it has no end.

    Of each kind it is the last one that follows stray bytes, or else the last one. From segment to
    segment: an EXIF thumbnail is a JPEG within the JPEG, with an end of its own.
    """
    found: dict[int, int] = {}
    after_stray: dict[int, int] = {}
    at = after = 2
    for _ in range(MAX_SEGMENTS):
        # Searched for, not looked for byte by byte: megabytes that are no marker may come first.
        start = JPEG_MARKER.search(jpeg, at)
        if start is None:
            return None
        at, marker = start.start(), jpeg[start.start() + 1]
        (after_stray if at > after else found)[marker] = at
        if marker == JPEG_END_CODE:
            return found | after_stray
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if marker == SCAN:
            end = JPEG_MARKER.search(jpeg, at)
            at = end.start() if end else len(jpeg)
        after = at
    return None
