"""Can the model read these images? One that cannot be read would fail the whole batch."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from include.pipeline.layout import Layout
from include.policies.new_images import IncomingImage

THREADS = 16
READABLE = ("JPEG", "PNG")

MOST_PIXELS = 100_000_000
"""What our image decodes of one photo: it refuses more, and by it the whole batch fails."""

DAMAGE = re.compile("corrupt|premature", re.IGNORECASE)
STRAY_BYTES = re.compile(r"(\d+) extraneous bytes before marker")
HARMLESS_STRAY_SHARE = 0.01
"""Cameras leave a few stray bytes, and our image minds no more than this share of a photo."""

PNG_ENDING = 4096
"""The last bytes of a PNG, in which our image expects its end."""


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
        if image.size > largest:
            return f"{image.size} bytes, and a request carries {largest}"
        key = f"{layout.incoming}{image.key}"
        return problem(s3.get_object(Bucket=layout.bucket, Key=key)["Body"].read())

    with ThreadPoolExecutor(THREADS) as threads:
        found = zip(images, threads.map(look, images), strict=True)
        return {image.key: reason for image, reason in found if reason}


def problem(content: bytes) -> str | None:
    """Return why an image cannot be read, or None: it is decoded to the end to find out."""
    from PIL import Image, UnidentifiedImageError

    if not content:
        return "is empty"
    try:
        with Image.open(io.BytesIO(content), formats=READABLE) as image:
            if image.width * image.height > MOST_PIXELS:
                return f"has {image.width} x {image.height} pixels, more than {MOST_PIXELS}"
            image.load()
            # Pillow makes do without it, and our image does not.
            if image.format == "PNG" and b"IEND" not in content[-PNG_ENDING:]:
                return "is cut off: it has no end"
            return _damage(content) if image.format == "JPEG" else None
    except UnidentifiedImageError:
        return "is neither JPEG nor PNG"
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        return f"cannot be decoded: {error}"


def _damage(jpeg: bytes) -> str | None:
    """What libjpeg only warns of, and our image refuses; Pillow's picture is then partly grey."""
    import simplejpeg

    try:
        simplejpeg.decode_jpeg(jpeg, "GRAY", min_height=1, min_width=1)
    except ValueError as error:
        message = str(error)
        stray = STRAY_BYTES.search(message)
        harmless = stray is not None and int(stray[1]) <= len(jpeg) * HARMLESS_STRAY_SHARE
        if DAMAGE.search(message) and not harmless:
            return f"is damaged: {message}"
    return None
