"""Damage of JPEGs of which libjpeg only warns, and which the container image rejects."""

from __future__ import annotations

import re

from include.contracts.limits import MAX_SEGMENTS
from include.contracts.photo_formats import (
    HARMLESS_STRAY_SHARE,
    JPEG_END_CODE,
    JPEG_MARKER,
    STRAY_BYTES,
)

MAX_STRAYS = 8
"""The number of places with stray bytes that is accepted."""

NOT_SUPPORTED = re.compile("subsampling|colorspace|unsupported", re.IGNORECASE)
"""Errors of simplejpeg about formats that it does not support, but the container image does."""

SCAN = 0xDA


def jpeg_damage(jpeg: bytes) -> str | None:
    """Return why the container image rejects a JPEG, or None; only the first picture is checked.

    This check is stricter than the container image in one respect: stray bytes at a restart within
    a scan are always damage, because they mean that the decoder lost its position.
    """
    left = len(jpeg) * HARMLESS_STRAY_SHARE
    message = ""
    for _ in range(MAX_STRAYS):
        markers = _markers(jpeg)
        if markers is None:
            return "is cut off: it has no end"
        message = _warning(jpeg)
        stray = STRAY_BYTES.search(message)
        if stray is None:
            return f"is damaged: {message}" if message else None
        # simplejpeg reports only the last warning: remove its stray bytes and check again.
        size, at = int(stray[1]), markers.get(int(stray[2], 16))
        left -= size
        if left < 0 or at is None:
            break
        jpeg = jpeg[: at - size] + jpeg[at:]
    return f"is damaged: {message}"


def _warning(jpeg: bytes) -> str:
    """Return the last warning or error of libjpeg, or ""."""
    import simplejpeg

    try:
        simplejpeg.decode_jpeg(jpeg, "GRAY", min_height=1, min_width=1)
    except ValueError as error:
        return "" if NOT_SUPPORTED.search(str(error)) else str(error)
    return ""


def _markers(jpeg: bytes) -> dict[int, int] | None:
    """Return the offsets of the first picture's segments by marker, or None if it has no end.

    Of several segments with the same marker it is the last one after stray bytes, else the last
    one. Segments are skipped by their length, because an EXIF thumbnail is a JPEG within the JPEG
    and has an end marker, too.
    """
    found: dict[int, int] = {}
    after_stray: dict[int, int] = {}
    at = after = 2
    for _ in range(MAX_SEGMENTS):
        # Search by regular expression: megabytes of other bytes may come before the marker.
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
