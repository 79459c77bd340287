"""Which photos are refused, and for what; above all those that OpenCV alone would let pass."""

import hashlib
import zlib

import cv2
import numpy as np
import pytest

from include.image_classification.dataset.manifest import Quarantined
from include.image_classification.dataset.photo_check import (
    CheckedPhoto,
    Photo,
    PhotoLimits,
    check_photo,
)
from include.image_classification.dataset.photo_header import read_photo_header
from tests.include.image_classification.dataset.making import photo

LIMITS = PhotoLimits(min_side=16, max_pixels=10_000)
JPEG, PNG = photo(1, 60, 40), photo(1, 60, 40, ".png")


def jpeg(pixels: np.ndarray, *options: int) -> bytes:  # type: ignore[type-arg]
    return bytes(cv2.imencode(".jpg", pixels, list(options))[1].tobytes())


PROGRESSIVE = jpeg(np.full((40, 60, 3), 99, np.uint8), cv2.IMWRITE_JPEG_PROGRESSIVE, 1)


def with_thumbnail(data: bytes) -> bytes:
    """A JPEG with another whole JPEG in its EXIF segment, as cameras write it."""
    body = b"Exif\0\0" + photo(2, 16, 16)
    return data[:2] + b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body + data[2:]


def check(data: bytes) -> CheckedPhoto | Quarantined:
    return check_photo(Photo("a/1.jpg", 7, data), LIMITS)


def reason(data: bytes) -> str:
    result = check(data)
    assert isinstance(result, Quarantined), result
    return result.reason


@pytest.mark.parametrize(
    ("data", "suffix"),
    [(JPEG, "jpg"), (PNG, "png"), (PROGRESSIVE, "jpg"), (with_thumbnail(JPEG), "jpg")],
)
def test_a_good_photo_is_described(data: bytes, suffix: str) -> None:
    sha256 = hashlib.sha256(data).hexdigest()
    key = f"{sha256[:2]}/{sha256}.{suffix}"
    assert check(data) == CheckedPhoto("a/1.jpg", 7, sha256, len(data), 60, 40, key)


@pytest.mark.parametrize("data", [JPEG, PNG, PROGRESSIVE, with_thumbnail(JPEG)])
@pytest.mark.parametrize("keep", [0.3, 0.7, 0.99])
def test_a_truncated_photo_is_refused(data: bytes, keep: float) -> None:
    assert reason(data[: int(len(data) * keep)]) == "truncated"


@pytest.mark.parametrize("missing", [1, 2])
def test_a_photo_without_its_last_bytes_is_refused(missing: int) -> None:
    assert reason(JPEG[:-missing]) == "truncated"


def test_a_picture_that_stops_half_way_is_refused_although_its_file_ends_well() -> None:
    """OpenCV returns it, half grey, and only prints to stderr."""
    assert cv2.imdecode(np.frombuffer(JPEG, np.uint8), cv2.IMREAD_COLOR) is not None
    assert reason(JPEG[: len(JPEG) // 2] + b"\xff\xd9") == "truncated"


@pytest.mark.parametrize(
    "data",
    [JPEG[:-2] + b"\x55" * 9 + b"\xff\xd9", JPEG + b"trailing", JPEG[:2] + b"\xff" + JPEG[2:]],
)
def test_stray_bytes_that_lose_nothing_are_no_reason_to_refuse(data: bytes) -> None:
    assert isinstance(check(data), CheckedPhoto)


def test_a_jpeg_in_whose_middle_the_decoder_gets_lost_is_refused() -> None:
    """It decodes to 60 x 40 pixels all the same, half of them nonsense."""
    refused = []
    for at in range(1000, len(JPEG) - 2, 20):
        data = JPEG[:at] + bytes((JPEG[at] ^ 0x10,)) + JPEG[at + 1 :]
        if isinstance(result := check(data), Quarantined):
            refused.append(result)
    assert {row.reason for row in refused} >= {"undecodable", "truncated"}
    details = " ".join(row.detail for row in refused)
    assert "bad Huffman code" in details
    assert "extraneous bytes" in details


def test_a_changed_bit_in_a_png_is_refused() -> None:
    data = bytearray(PNG)
    data[len(data) // 2] ^= 1
    assert reason(bytes(data)) == "undecodable"


@pytest.mark.parametrize(
    ("data", "says"),
    [(b"", "empty"), (b"<html>", "<html>"), (b"GIF89a", "GIF"), (b"RIFF....WEBP", "WebP")],
)
def test_what_is_no_photo_is_named(data: bytes, says: str) -> None:
    result = check(data)
    assert isinstance(result, Quarantined)
    assert result.reason == "not-an-image"
    assert says in result.detail


@pytest.mark.parametrize(("size", "refused"), [((16, 16), False), ((15, 90), True)])
def test_a_photo_below_the_smallest_side_is_refused(size: tuple[int, int], refused: bool) -> None:
    assert isinstance(check(photo(1, *size)), Quarantined) == refused


def test_a_photo_of_too_many_pixels_is_refused() -> None:
    assert reason(photo(1, 101, 100)) == "too-large"


def test_a_header_that_claims_a_gigantic_picture_is_refused_before_decoding() -> None:
    """A few bytes that would decode into 10 GB."""
    size = (50_000).to_bytes(4, "big") * 2
    header = b"IHDR" + size + bytes((8, 2, 0, 0, 0))
    bomb = PNG[:12] + header + zlib.crc32(header).to_bytes(4, "big") + PNG[33:]
    assert reason(bomb) == "too-large"


@pytest.mark.parametrize("length", range(2, 200, 7))
@pytest.mark.parametrize("data", [JPEG, PNG])
def test_no_stump_of_a_header_makes_the_reader_fail(data: bytes, length: int) -> None:
    header = read_photo_header(data[:length])
    assert header is None or not header.whole
