"""Size limits of photos and requests.

The container enforces the limits of photos in a refresh, in a conversion, in the selection of a
batch and as a server, so that no photo passes one which another would refuse.
"""

from __future__ import annotations

from collections.abc import Mapping

MEGABYTE = 1024 * 1024

MAX_REAL_TIME_BYTES = 6 * MEGABYTE
"""InvokeEndpoint's limit for a request's body."""

MAX_TRANSFORM_MB = 100
"""SageMaker's limit for MaxPayloadInMB, and for MaxConcurrentTransforms times MaxPayloadInMB."""

MAX_ARGUMENT_LENGTH = 256
"""SageMaker's limit for one argument of a processing job, in characters."""

MAX_PIXELS = 100_000_000
"""Width times height: a file of a few kilobytes can decode to gigabytes."""

LONGEST_SIDE: Mapping[str, int] = {"jpg": 65_500, "png": 1_000_000}
"""The maximum width and height that libjpeg and libpng decode, in pixels, by suffix."""

MAX_SEGMENTS = 10_000
"""Segments of a JPEG that are read to find its end. Photos have tens, some of them hundreds."""

MAX_CHUNKS = 100_000
"""Chunks of a PNG that are read to find its end. Encoders write 8 KB or more into each chunk."""


def size_problem(suffix: str, width: int, height: int) -> str | None:
    """Return which limit a JPEG ("jpg") or PNG ("png") of this size exceeds, or None."""
    if width * height > MAX_PIXELS:
        return f"{width} x {height} pixels, more than {MAX_PIXELS}"
    if max(width, height) > LONGEST_SIDE[suffix]:
        return f"{width} x {height} pixels, more than {LONGEST_SIDE[suffix]} on one side"
    return None
