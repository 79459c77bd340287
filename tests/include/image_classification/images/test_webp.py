"""WebP: headers, decoding, and damaged files."""

import io

import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.image_classification.images.strict_decoding import RefusedPhotoError
from include.image_classification.images.webp import decode_webp, is_webp, read_webp_header


def webp(width: int = 60, height: int = 40, mode: str = "RGB", **options: object) -> bytes:
    """Return a WebP of noise."""
    channels = len(mode)
    noise = np.random.default_rng(3).integers(0, 256, (height, width, channels), np.uint8)
    file = io.BytesIO()
    PIL.Image.fromarray(noise, mode).save(file, "WEBP", **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "suffix"),
    [
        (webp(quality=90), "jpg"),
        (webp(lossless=True), "png"),
        (webp(mode="RGBA"), "jpg"),
        (webp(mode="RGBA", lossless=True), "png"),
        (webp(quality=90, icc_profile=b"x" * 200), "jpg"),
    ],
)
def test_header_and_pixels(data: bytes, suffix: str) -> None:
    header = read_webp_header(data)
    assert header is not None
    assert (header.suffix, header.width, header.height, header.whole) == (suffix, 60, 40, True)
    with PIL.Image.open(io.BytesIO(data)) as picture:
        expected = np.asarray(picture.convert("RGBA"))[:, :, :3]
    assert np.array_equal(decode_webp(data)[:, :, ::-1], expected)


def test_a_canvas_larger_than_the_picture_counts() -> None:
    """The decoder allocates the canvas, which a file of 200 bytes can announce as 16 gigapixels."""
    data = bytearray(webp(mode="RGBA"))
    assert data[12:16] == b"VP8X"
    data[24:30] = b"\xff\xff\x01\xff\xff\x00"
    header = read_webp_header(bytes(data))
    assert header is not None
    assert (header.width, header.height) == (131072, 65536)


@pytest.mark.parametrize("data", [webp(quality=90), webp(lossless=True), webp(mode="RGBA")])
def test_a_cut_or_damaged_file_is_not_decoded(data: bytes) -> None:
    header = read_webp_header(data[:-200])
    assert header is not None
    assert not header.whole
    with pytest.raises(RefusedPhotoError):
        decode_webp(data[: len(data) // 2])


def test_other_files_have_no_header() -> None:
    assert read_webp_header(b"RIFF....WAVEfmt ") is None
    assert not is_webp(b"RIFF")


@given(st.binary(max_size=80), st.sampled_from([b"VP8 ", b"VP8L", b"VP8X", b"ANIM"]))
def test_any_bytes_have_a_header_or_none(rest: bytes, kind: bytes) -> None:
    header = read_webp_header(b"RIFF\x20\x00\x00\x00WEBP" + kind + rest)
    assert header is not None
