"""Find incoming images that the model could not read, which would fail the whole batch."""

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
"""The bytes of photos in the worker's memory at the same time, unless one photo is larger."""

ENDINGS = frozenset({".jpg", ".jpeg", ".png"})
LONGEST_NAME = 255 - len(files.PREDICTION_SUFFIX)
"""The maximum length of a file's or folder's name in bytes: batch transform appends a suffix."""


def find_unreadable_images(
    s3: Any, layout: Layout, images: Sequence[IncomingImage], largest: int
) -> dict[str, str]:
    """Return the images that must be left out of the batch, with the reason by key.

    Photos are decoded in child processes, see `Decoders`. A photo that crashes its process is left
    out like other unreadable photos.

    Args:
        s3: A boto3 S3 client.
        layout: The pipeline's S3 keys.
        images: The images to check.
        largest: The largest allowed image in bytes, which is the size of a request.

    Raises:
        DecoderError: A child process cannot be started, or was killed from outside.
    """
    budget = Budget(BYTES_AT_ONCE)

    def check(image: IncomingImage) -> str | None:
        if problem := _name_problem(image.key):
            return problem
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
        found = zip(images, threads.map(check, images), strict=True)
        return {image.key: reason for image, reason in found if reason}


def _too_large(size: int, largest: int) -> str:
    return f"has {size} bytes, and a request allows {largest}"


def _name_problem(key: str) -> str | None:
    """Return why an object's name is not that of an image, or is invalid as a file name."""
    if PurePosixPath(key).suffix.lower() not in ENDINGS:
        return "not a .jpg, .jpeg or .png"
    parts = key.split("/")
    if invalid := {"", ".", ".."}.intersection(parts):
        return f"has a part {min(invalid)!r} in its name, which is invalid as a file name"
    if max(len(part.encode()) for part in parts) > LONGEST_NAME:
        return f"has a part of more than {LONGEST_NAME} bytes in its name"
    return None
