"""Can the model read these images? One that cannot be read would fail the whole batch."""

from __future__ import annotations

import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import PurePosixPath
from typing import Any

from include.pipeline.layout import Layout
from include.policies.damage import jpeg_damage, png_damage
from include.policies.new_images import IncomingImage
from include.policies.screening.limits import size_problem

THREADS = 16
ENDINGS = frozenset({".jpg", ".jpeg", ".png"})
READABLE = ("JPEG", "PNG")

LONGEST_NAME = 255 - len(".out")
"""Bytes of a file's or a folder's name, to which batch transform adds an answer's ending."""


def unreadable_images(
    s3: Any, layout: Layout, images: Sequence[IncomingImage], largest: int
) -> dict[str, str]:
    """Return the images that must be left out, with the reason.

    Args:
        s3: A boto3 S3 client.
        layout: Where the pipeline's objects are.
        images: The images to look at.
        largest: The largest image that a request may carry, in bytes.
    """

    def look(image: IncomingImage) -> str | None:
        if wrong := _misnamed(image.key):
            return wrong
        if image.size > largest:
            return f"{image.size} bytes, and a request carries {largest}"
        key = f"{layout.incoming}{image.key}"
        return problem(s3.get_object(Bucket=layout.bucket, Key=key)["Body"].read())

    with ThreadPoolExecutor(THREADS) as threads:
        found = zip(images, threads.map(look, images), strict=True)
        return {image.key: reason for image, reason in found if reason}


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


def problem(content: bytes) -> str | None:
    """Return why an image cannot be read, or None: it is decoded to the end to find out."""
    from PIL import Image, UnidentifiedImageError

    if not content:
        return "is empty"
    try:
        with Image.open(io.BytesIO(content), formats=READABLE) as image:
            # A telephone's MPO is a JPEG that others follow.
            kind = "PNG" if image.format == "PNG" else "JPEG"
            if wrong := size_problem(kind, image.width, image.height):
                return f"has {wrong}"
            image.load()
            return png_damage(content) if kind == "PNG" else jpeg_damage(content)
    except UnidentifiedImageError:
        return "is neither JPEG nor PNG"
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        return f"cannot be decoded: {error}"
