"""The check of JPEGs in codings that few programs write."""

import io

import PIL.Image
import pytest
import simplejpeg

from include.image_classification.dataset.version.photo_check import (
    Content,
    Photo,
    PhotoRules,
    check_photo,
    photo_hash,
)
from include.image_classification.images.strict_decoding import RefusedPhotoError
from tests.include.image_classification.dataset.sample_sources import photo

RULES = PhotoRules(min_side=16, max_pixels=10_000)
JPEG = photo(1, 60, 40)


def check(data: bytes) -> Content:
    return check_photo(Photo("a/1.jpg", 7, data), photo_hash(data), RULES, {})[0]


@pytest.mark.parametrize(
    ("frame", "bits", "coding"),
    [
        (0xC9, 8, "arithmetic coding"),
        (0xCA, 8, "arithmetic coding"),
        (0xC0, 12, "12 bits a color"),
        (0xC3, 8, "lossless coding"),
    ],
)
def test_a_jpeg_in_a_rare_coding_that_cannot_be_decoded_is_named(
    frame: int, bits: int, coding: str
) -> None:
    start = JPEG.index(b"\xff\xc0")
    data = JPEG[: start + 1] + bytes([frame]) + JPEG[start + 2 : start + 4] + bytes([bits])
    with pytest.raises(RefusedPhotoError) as refused:
        check(data + JPEG[start + 5 :])
    detail = refused.value.detail
    assert refused.value.reason == "undecodable"
    assert detail.startswith(f"a JPEG with {coding}, which the decoder does not read (")
    assert detail.endswith("save it as a baseline JPEG")


def odd_subsampling() -> bytes:
    """Return a JPEG with 4:1:0 subsampling, which TurboJPEG rejects: 30 gray blocks, reordered."""
    file = io.BytesIO()
    PIL.Image.new("RGB", (80, 8), "#808080").save(file, "JPEG", subsampling=0, optimize=True)
    data = bytearray(file.getvalue())
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = bytes((0, 16, 0, 96))
    data[frame + 11] = 0x42
    return bytes(data)


def test_unusual_subsampling_is_decoded_completely() -> None:
    """Complete photos are accepted and truncated ones refused."""
    data = odd_subsampling()
    with pytest.raises(ValueError, match="subsampling"):
        simplejpeg.decode_jpeg(data)
    assert isinstance(check(data), Content)
    with pytest.raises(RefusedPhotoError) as refused:
        check(data[:-6] + data[-2:])
    assert refused.value.reason == "truncated"
