"""Tests of the screening of incoming images."""

import io

import pytest
from PIL import Image

from include.image_classification.selection.folder import Folder
from include.image_classification.selection.screening.check import problem
from include.image_classification.selection.screening.photos import (
    IncomingImage,
    screen_names,
    screen_photos,
)


def photo(kind: str = "JPEG", size: tuple[int, int] = (32, 32), mode: str = "RGB") -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size).save(buffer, kind)
    return buffer.getvalue()


def animated_png() -> bytes:
    buffer = io.BytesIO()
    frames = [Image.new("RGB", (32, 32), color) for color in ("red", "blue")]
    frames[0].save(buffer, "PNG", save_all=True, append_images=frames[1:])
    return buffer.getvalue()


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (photo(), None),
        (photo("PNG"), None),
        (photo("GIF"), "is neither JPEG nor PNG"),
        (b"hello", "is neither JPEG nor PNG"),
        (b"", "is empty"),
        (photo()[:-80], "cannot be decoded"),
        (photo()[:-20] + photo()[-2:], "is damaged"),
        (photo()[:-2] + b"\0" * 2 + photo()[-2:], None),
        (photo("PNG")[:60], "cannot be decoded"),
        (photo("PNG")[:-12], "is cut off"),
        (animated_png(), "is an animated PNG"),
        (photo("PNG", (10_001, 10_000), "1"), "has 10001 x 10000 pixels"),
    ],
)
def test_an_image_is_decoded_completely(content: bytes, expected: str | None) -> None:
    found = problem(content)
    assert found is None if expected is None else expected in str(found)


def test_an_image_too_large_for_a_request_is_left_out_without_reading_it() -> None:
    large = IncomingImage("large.jpg", '"1"', 2000)
    nothing = Folder(None, "some-bucket", "cars/incoming/")
    expected = {"large.jpg": "has 2000 bytes, and a request allows 1000"}
    assert screen_photos(nothing, [large], 1000).unreadable == expected
    assert screen_names([large], 1000).unreadable == expected


@pytest.mark.parametrize(
    ("key", "part"),
    [("a//b.jpg", "''"), ("/b.jpg", "''"), ("a/./b.jpg", "'.'"), ("../b.jpg", "'..'")],
)
def test_images_with_invalid_file_names_are_left_out(key: str, part: str) -> None:
    """For example a//b.jpg and a/b.jpg would be the same file in a job."""
    found = screen_names([IncomingImage(key, '"1"', 10)], 1000).unreadable
    assert found == {key: f"has a part {part} in its name, which is invalid as a file name"}


def test_names_leave_room_for_the_suffix_of_a_prediction() -> None:
    long = IncomingImage(f"{'x' * 248}.jpg", '"1"', 10)
    assert "251 bytes" in screen_names([long], 1000).unreadable[long.key]
