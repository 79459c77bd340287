"""Can the model read these images? One that cannot be read would fail the whole batch."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import PurePosixPath
from typing import Any

from include.contracts import files
from include.decisions.batch.incoming import IncomingImage
from include.decisions.batch.screening.budget import Budget
from include.decisions.batch.screening.decoders import Decoders
from include.storage.layout import Layout

THREADS = 16
BYTES_AT_ONCE = 256 << 20
"""How many bytes of photos are in the worker's memory at once, as far as one photo is not more."""

ENDINGS = frozenset({".jpg", ".jpeg", ".png"})
LONGEST_NAME = 255 - len(files.PREDICTION_SUFFIX)
"""Bytes of a file's or a folder's name, to which batch transform adds an answer's ending."""


def find_unreadable_images(
    s3: Any, layout: Layout, images: Sequence[IncomingImage], largest: int
) -> dict[str, str]:
    """Return the images that must be left out, with the reason.

    They are decoded in child processes, see the package's docstring. A photo that ends its process
    is left out like any other.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        images: The images to look at.
        largest: The largest image that a request may carry, in bytes.

    Raises:
        DecoderError: A child process cannot be started, or was ended from outside.
    """
    budget = Budget(BYTES_AT_ONCE)

    def look(image: IncomingImage) -> str | None:
        if wrong := _misnamed(image.key):
            return wrong
        if image.size > largest:
            return _too_large(image.size, largest)
        key = f"{layout.incoming}{image.key}"
        with budget.taken(image.size):
            body = s3.get_object(Bucket=layout.bucket, Key=key)["Body"]
            # The object may have been replaced by a larger one since it was listed.
            content = body.read(largest + 1)
            if len(content) > largest:
                return _too_large(len(content), largest)
            return decoders.problem(content)

    with Decoders() as decoders, ThreadPoolExecutor(THREADS) as threads:
        found = zip(images, threads.map(look, images), strict=True)
        return {image.key: reason for image, reason in found if reason}


def _too_large(size: int, largest: int) -> str:
    return f"{size} bytes, and a request carries {largest}"


def _misnamed(key: str) -> str | None:
    """Return why an object is no image by its name, or no job would find it again, or None."""
    if PurePosixPath(key).suffix.lower() not in ENDINGS:
        return "not a .jpg, .jpeg or .png"
    parts = key.split("/")
    if wrong := {"", ".", ".."}.intersection(parts):
        return f"has a part {min(wrong)!r} in its name, which no file's name has"
    if max(len(part.encode()) for part in parts) > LONGEST_NAME:
        return f"has a part of more than {LONGEST_NAME} bytes in its name"
    return None
