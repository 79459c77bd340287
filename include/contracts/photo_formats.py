"""JPEG and PNG: signatures, markers, and the stray bytes that are tolerated in a JPEG.

The container decodes photos by these rules, and screens incoming photos by the same rules for other
images, so that no photo passes which the container would refuse.
"""

from __future__ import annotations

import re

PNG_START = b"\x89PNG\r\n\x1a\n"

JPEG_START = b"\xff\xd8\xff"
"""The marker SOI, and the first byte of the next marker."""

JPEG_END_CODE = 0xD9
JPEG_END = bytes((0xFF, JPEG_END_CODE))
"""The marker EOI."""

JPEG_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
"""The next marker. In a scan, FF 00 is a data byte and FF D0 to FF D7 restart the scan; FF FF is
padding anywhere. Between segments, a decoder skips bytes that are not a marker."""

STRAY_BYTES = re.compile(r"(\d+) extraneous bytes before marker 0x(..)")
"""libjpeg's warning about bytes between segments: their number, and the marker after them."""

HARMLESS_STRAY_SHARE = 0.01
"""Cameras leave a few stray bytes: a JPEG with at most this share of them is accepted."""
