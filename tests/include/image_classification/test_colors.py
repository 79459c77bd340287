"""Unusual photos show the same colors to conversion, training and serving as to Pillow."""

import io
from typing import Any

import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray

from include.image_classification.images import decoding
from include.image_classification.serving.photo import read_photo

SHAPE = (40, 60)
ROWS, COLUMNS = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]]
RAMPS = np.stack([ROWS * 6, COLUMNS * 4, 255 - ROWS * 3 - COLUMNS * 2], axis=-1).astype(np.uint8)
PICTURE = PIL.Image.fromarray(RAMPS)


def saved(picture: PIL.Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def transparent() -> PIL.Image.Image:
    picture = PICTURE.copy()
    picture.putalpha(PIL.Image.fromarray((COLUMNS * 4).astype(np.uint8)))
    return picture


def sixteen_bits() -> bytes:
    gray = (RAMPS[..., 0].astype(np.uint16) << 8) + 0x7F
    return saved(PIL.Image.fromarray(gray), "PNG")


def sideways() -> bytes:
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    return saved(PICTURE, "JPEG", quality=95, exif=exif)


PHOTOS = {
    "CMYK": saved(PICTURE.convert("CMYK"), "JPEG", quality=95),
    "gray": saved(PICTURE.convert("L"), "JPEG", quality=95),
    "progressive": saved(PICTURE, "JPEG", quality=95, progressive=True),
    "RGB in JPEG": saved(PICTURE, "JPEG", quality=95, keep_rgb=True),
    "EXIF rotation": sideways(),
    "alpha": saved(transparent(), "PNG"),
    "gray and alpha": saved(transparent().convert("LA"), "PNG"),
    "palette": saved(PICTURE.quantize(64), "PNG"),
    "transparent palette": saved(PICTURE.quantize(64), "PNG", transparency=b"\0\x80"),
    "16 bits of gray": sixteen_bits(),
}


def by_pillow(data: bytes) -> NDArray[np.int64]:
    """Upright, transparency dropped, 16 bits cut to the upper 8."""
    picture: PIL.Image.Image = PIL.Image.open(io.BytesIO(data))
    picture.info.pop("transparency", None)
    if picture.getexif().get(0x0112) == 6:
        picture = picture.transpose(PIL.Image.Transpose.ROTATE_270)
    if picture.mode.startswith("I"):
        return np.repeat(np.asarray(picture, np.int64)[..., None] >> 8, 3, axis=2)
    return np.asarray(picture.convert("RGB"), np.int64)


@pytest.mark.parametrize("name", PHOTOS)
def test_conversion_and_serving_decode_the_same_colors_as_pillow(name: str) -> None:
    data = PHOTOS[name]
    expected = by_pillow(data)
    served = read_photo(data, (3, expected.shape[0], expected.shape[1]))
    converted = decoding.decode_photo(data, 1).image[..., ::-1]
    for image in (served, converted):
        assert image.shape == expected.shape
        assert np.abs(image - expected).max() <= 3, name
