"""Encoding of photos: size, position, colors."""

import base64
import functools

import cv2
import numpy as np
import pytest

from include.image_classification.conversion.encoding import Encoding, Fit, choose_reduction, encode
from include.image_classification.conversion.encoding import fit as resize
from include.image_classification.images.decoding import decode_photo
from include.image_classification.images.resizing import Image

BLUE, GREEN, RED = (255, 0, 0), (0, 255, 0), (0, 0, 255)

# A CMYK JPEG, which OpenCV can read but not write: 16 x 16 red pixels.
CMYK_RED = base64.b64decode(
    "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwANCQoLCggNCwoLDg4NDxMgFRMSEhMnHB4XIC4pMTAuKS0sMzpKPjM2RjcsLUBX"
    "QUZMTlJTUjI+WmFaUGBKUVJP/8AAFAgAEAAQBEMRAE0RAFkRAEsRAP/EAB8AAAEFAQEBAQEBAAAAAAAAAAABAgMEBQYH"
    "CAkKC//EALUQAAIBAwMCBAMFBQQEAAABfQECAwAEEQUSITFBBhNRYQcicRQygZGhCCNCscEVUtHwJDNicoIJChYXGBka"
    "JSYnKCkqNDU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6g4SFhoeIiYqSk5SVlpeYmZqio6Slpqeo"
    "qaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2drh4uPk5ebn6Onq8fLz9PX29/j5+v/aAA4EQwBNAFkASwAAPwD06vMK"
    "8wr06iiiiiiiiiiiiv/Z"
)


def encoded(image: Image, suffix: str = ".png") -> bytes:
    return bytes(cv2.imencode(suffix, image)[1].tobytes())


def stripes(width: int, height: int) -> Image:
    """Blue, green and red thirds from left to right."""
    image = np.zeros((height, width, 3), np.uint8)
    for third, color in enumerate((BLUE, GREEN, RED)):
        image[:, third * width // 3 : (third + 1) * width // 3] = color
    return image


def square(data: bytes, fit: Fit = "squash", side: int = 30, quality: int = 95) -> Image:
    result = cv2.imdecode(
        np.frombuffer(encode(data, Encoding(side, fit, quality)), np.uint8),
        cv2.IMREAD_UNCHANGED,
    )
    return np.asarray(result, np.uint8)


def has_color(image: Image, row: int, column: int, color: tuple[int, int, int]) -> bool:
    return bool(np.abs(image[row, column].astype(int) - color).max() < 60)


@pytest.mark.parametrize("size", [(90, 60), (60, 90), (12, 9), (90, 20), (30, 30)])
@pytest.mark.parametrize("fit", ["squash", "crop"])
def test_any_photo_becomes_a_color_square(size: tuple[int, int], fit: Fit) -> None:
    assert square(encoded(stripes(*size)), fit).shape == (30, 30, 3)


def test_squash_keeps_the_whole_photo_and_crop_its_center() -> None:
    photo = encoded(stripes(90, 30))
    squashed, cropped = square(photo), square(photo, "crop")
    assert has_color(squashed, 15, 4, BLUE)
    assert has_color(squashed, 15, 25, RED)
    assert has_color(cropped, 15, 4, GREEN)
    assert has_color(cropped, 15, 25, GREEN)


def test_shrinking_averages_pixels() -> None:
    """Fine stripes become gray; an interpolation that skips pixels gives black or white."""
    image = np.zeros((300, 310, 3), np.uint8)
    image[:, ::2] = 255
    assert np.abs(square(encoded(image)).astype(int) - 127).max() < 20


def test_a_side_that_shrinks_is_averaged_although_the_other_grows() -> None:
    image = np.zeros((20, 310, 3), np.uint8)
    image[:, ::2] = 255
    assert np.abs(square(encoded(image)).astype(int) - 127).max() < 20


def test_exif_orientation_is_applied() -> None:
    """Photos of phones are often stored rotated."""
    tiff = b"II*\0\x08\0\0\0" + b"\x01\0" + b"\x12\x01\x03\0\x01\0\0\0\x06\0\0\0" + bytes(4)
    body = b"Exif\0\0" + tiff
    data = encoded(stripes(90, 60), ".jpg")
    data = data[:2] + b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body + data[2:]
    turned = square(data)
    assert has_color(turned, 3, 15, BLUE)
    assert has_color(turned, 26, 15, RED)


@pytest.mark.parametrize(
    "image",
    [
        np.full((40, 40), 200, np.uint8),
        np.full((40, 40, 4), 200, np.uint8),
        np.full((40, 40), 200 * 257, np.uint16),
    ],
    ids=["gray", "transparent", "sixteen bits"],
)
def test_gray_transparent_and_16_bit_photos_become_color(image: Image) -> None:
    result = square(encoded(image))
    assert result.shape == (30, 30, 3)
    assert np.abs(result.astype(int) - 200).max() < 6


def test_cmyk_becomes_color() -> None:
    assert has_color(square(CMYK_RED), 15, 15, RED)


def test_quality_changes_the_size() -> None:
    noise = encoded(np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8))
    sizes = [len(encode(noise, Encoding(30, "squash", q))) for q in (30, 95)]
    assert sizes[0] < sizes[1]


def test_undecodable_bytes_are_an_error() -> None:
    with pytest.raises(ValueError, match="cannot be decoded"):
        encode(b"no photo", Encoding(30, "squash", 95))


def smooth(width: int, height: int) -> Image:
    """Return a photo-like picture: smooth waves with noise."""
    y, x = np.mgrid[:height, :width].astype(np.float64)
    waves = [np.sin(x / a + y / b) for a, b in ((37, 53), (71, -29), (13, 11))]
    noise = np.random.default_rng(0).normal(0, 2, (height, width, 3))
    return np.asarray((127 + 50 * np.stack(waves, 2) + noise).clip(0, 255), np.uint8)


def psnr(image: Image, exact: Image) -> float:
    error = max(1e-9, np.square(image.astype(float) - exact).mean())
    return float(10 * np.log10(255**2 / error))


@pytest.mark.parametrize("size", [(501, 333), (640, 480), (1303, 907), (333, 2001), (100, 99)])
@pytest.mark.parametrize("fit", ["keep", "crop", "squash"])
def test_reduced_decoding_gives_the_same_picture(size: tuple[int, int], fit: Fit) -> None:
    """Also where the sides are not multiples of the scale, which can shift pixels by one half."""
    data = encoded(smooth(*size), ".jpg")
    encoding = Encoding(96, fit, 95)
    small = decode_photo(data, 1, functools.partial(choose_reduction, encoding=encoding))
    whole = decode_photo(data, 1)
    assert (small.height, small.width) == whole.image.shape[:2]
    height, width = whole.image.shape[:2]
    if fit == "crop":
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        height, width = side, side
        exact = whole.image[top : top + side, left : left + side]
    else:
        exact = whole.image
    result = resize(small, encoding)
    assert min(result.shape[:2]) == 96
    averaged = cv2.resize(exact, result.shape[1::-1], interpolation=cv2.INTER_AREA)
    assert psnr(result, np.asarray(averaged, np.uint8)) > 38


@pytest.mark.parametrize("size", [(144, 150), (191, 189), (170, 301)])
def test_a_photo_that_is_almost_twice_as_large_is_averaged(size: tuple[int, int]) -> None:
    """Bilinear interpolation alone skips pixels: of noise, it makes 19 to 28 dB."""
    noise = np.random.default_rng(0).integers(0, 256, (*size[::-1], 3), np.uint8)
    encoding = Encoding(96, "crop", format=".png")
    photo = decode_photo(encoded(noise), 1)
    side = min(size)
    top, left = (size[1] - side) // 2, (size[0] - side) // 2
    exact = cv2.resize(
        np.ascontiguousarray(noise[top : top + side, left : left + side]), (96, 96),
        interpolation=cv2.INTER_AREA,
    )  # fmt: skip
    assert psnr(resize(photo, encoding), np.asarray(exact, np.uint8)) > 30


def colors_of_pixels(data: bytes, encoding: Encoding) -> Image:
    record = encode(data, encoding)
    pixels = cv2.imdecode(np.frombuffer(record, np.uint8), cv2.IMREAD_COLOR)
    return np.asarray(pixels, np.uint8)


def test_colors_are_interpolated_unless_the_record_cannot_hold_them() -> None:
    """Repeated colors change a PNG, and bring a JPEG that shrinks no further from the photo."""
    photo = encoded(np.asarray(cv2.resize(stripes(12, 12), (120, 120)), np.uint8), ".jpg")
    whole = decode_photo(photo, 1)
    repeated = decode_photo(photo, 1, repeats=lambda *_: True)
    assert not np.array_equal(repeated.image, whole.image)
    for encoding in (Encoding(96, format=".png"), Encoding(120, format=".png")):
        expected = resize(whole, encoding)
        assert np.array_equal(colors_of_pixels(photo, encoding), expected)
    jpeg = Encoding(96)
    exact = np.asarray(cv2.resize(whole.image, (96, 96), interpolation=cv2.INTER_AREA), np.uint8)
    interpolated = cv2.imencode(".jpg", resize(whole, jpeg), [cv2.IMWRITE_JPEG_QUALITY, 95])[1]
    pixels = cv2.imdecode(interpolated, cv2.IMREAD_COLOR)
    assert encode(photo, jpeg) != interpolated.tobytes()
    difference = psnr(np.asarray(pixels, np.uint8), exact) - psnr(
        colors_of_pixels(photo, jpeg), exact
    )
    assert difference < 0.2


def test_large_photos_are_decoded_at_a_reduced_scale() -> None:
    """Protects the test above from comparing nothing."""
    for (width, height), part in (((501, 333), 2), ((1303, 907), 8), ((100, 99), 1)):
        assert choose_reduction(height, width, Encoding(96, "crop")) == part


@pytest.mark.parametrize("turn", range(1, 9))
def test_every_exif_orientation_is_applied_at_any_scale(turn: int) -> None:
    """As in OpenCV, at full size and at a reduced scale."""
    body = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0" + bytes([turn]) + bytes(7)
    data = encoded(smooth(402, 302), ".jpg")
    data = data[:2] + b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body + data[2:]
    expected = np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), np.uint8)
    assert np.array_equal(decode_photo(data, 1).image, expected)
    half = decode_photo(data, 1, lambda *_: 2)
    assert (half.height, half.width) == expected.shape[:2]
    averaged = cv2.resize(expected, half.image.shape[1::-1], interpolation=cv2.INTER_AREA)
    assert psnr(half.image, np.asarray(averaged, np.uint8)) > 30
