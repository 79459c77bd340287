"""Check of a photo: whether the container image would reject it. It decodes the whole photo."""

from __future__ import annotations

import io

from include.contracts.limits import size_problem
from include.image_classification.selection.screening.damage import jpeg_damage, png_damage

READABLE = ("JPEG", "PNG")


def header_problem(content: bytes) -> tuple[int, str | None]:
    """Return the pixels that a photo's header claims, and why the photo is rejected, or None.

    The pixels are not decoded.
    """
    from PIL import Image, UnidentifiedImageError

    if not content:
        return 0, "is empty"
    try:
        with Image.open(io.BytesIO(content), formats=READABLE) as image:
            wrong = size_problem(_suffix(image.format), image.width, image.height)
            return image.width * image.height, f"has {wrong}" if wrong else None
    except UnidentifiedImageError:
        return 0, "is neither JPEG nor PNG"
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        return 0, f"cannot be decoded: {error}"


def pixels_problem(content: bytes) -> str | None:
    """Return why a photo with a valid header is rejected, or None, by decoding it."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content), formats=READABLE) as image:
            suffix = _suffix(image.format)
            image.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        return f"cannot be decoded: {error}"
    return png_damage(content) if suffix == "png" else jpeg_damage(content)


def problem(content: bytes) -> str | None:
    """Return why a photo is rejected, or None. It decodes untrusted bytes in this process."""
    return header_problem(content)[1] or pixels_problem(content)


def _suffix(form: str | None) -> str:
    # MPO, a format of phones, is a JPEG followed by further pictures.
    return "png" if form == "PNG" else "jpg"
