"""EXIF orientation of photos, also in damaged metadata."""

import io
import math
import struct

import PIL.Image
import pytest

from include.image_classification.images.orientation import read_orientation

FLOAT, DOUBLE = 11, 12


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    ("type_", "value"), [(FLOAT, math.inf), (DOUBLE, -math.inf), (FLOAT, math.nan)]
)
def test_a_number_that_is_no_orientation_is_upright(kind: str, type_: int, value: float) -> None:
    """One such photo ended the conversion of all."""
    content = struct.pack("<f", value) + bytes(4) if type_ == FLOAT else struct.pack("<d", value)
    entry = struct.pack("<HHHI", 1, 0x0112, type_, 1)
    if type_ == FLOAT:
        tiff = entry + content[:4] + bytes(4)
    else:
        tiff = entry + struct.pack("<I", 8 + len(entry) + 8) + bytes(4) + content
    exif = b"Exif\0\0II*\0" + struct.pack("<I", 8) + tiff
    file = io.BytesIO()
    PIL.Image.new("RGB", (20, 10)).save(file, kind, exif=exif)
    assert read_orientation(file.getvalue()) == 1
