"""Cropping photos to their boxes: pixels, orientation and reproducible bytes."""

import io

import cv2
import numpy as np
import PIL.Image
import pytest
import simplejpeg
from hypothesis import given
from hypothesis import strategies as st

from include.contracts.dataset import Box
from include.image_classification.dataset.version.manifest import Cut
from include.image_classification.dataset.version.photo_check import (
    Content,
    Origin,
    Photo,
    PhotoRules,
    check_photo,
    photo_hash,
)
from include.image_classification.images.cropping import crop, place_box
from include.image_classification.images.header import read_photo_header
from include.image_classification.images.strict_decoding import RefusedPhotoError

WIDTH, HEIGHT = 60, 40
# The value of a pixel encodes its position.
PIXELS = np.stack([*np.mgrid[0:HEIGHT, 0:WIDTH], np.full((HEIGHT, WIDTH), 9)], axis=-1).astype(
    np.uint8
)


def encoded(kind: str, orientation: int = 1) -> bytes:
    file = io.BytesIO()
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    options = {"quality": 100, "subsampling": 0} if kind == "JPEG" else {}
    PIL.Image.fromarray(PIXELS).save(file, kind, exif=exif, **options)
    return file.getvalue()


def decoded(data: bytes) -> np.ndarray:  # type: ignore[type-arg]
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR))[..., ::-1]


@pytest.mark.parametrize(
    ("box", "margin", "placed"),
    [
        (Box(10, 5, 30, 25), 0, Box(10, 5, 30, 25)),
        (Box(10, 5, 30, 25), 0.1, Box(8, 3, 32, 27)),
        (Box(10, 5, 50, 15), 0.1, Box(6, 4, 54, 16)),
        (Box(-5, -5, 70, 50), 0.5, Box(0, 0, 60, 40)),
        (Box(59, 39, 60, 40), 0, Box(59, 39, 60, 40)),
        (Box(60, 0, 70, 10), 0.9, None),
        (Box(-9, -9, 0, 0), 0.9, None),
        (Box(10, 10, 10, 20), 0.9, None),
        (Box(20, 20, 10, 10), 0.9, None),
    ],
)
def test_a_box_is_clipped_grown_and_clipped_again(
    box: Box, margin: float, placed: Box | None
) -> None:
    assert place_box(box, margin, WIDTH, HEIGHT) == placed


NUMBERS = st.integers(-100, 200)


@given(st.builds(Box, NUMBERS, NUMBERS, NUMBERS, NUMBERS), st.floats(0, 1))
def test_a_placed_box_is_inside_the_photo_and_contains_the_original(
    box: Box, margin: float
) -> None:
    placed, plain = (place_box(box, share, WIDTH, HEIGHT) for share in (margin, 0.0))
    assert (placed is None) == (plain is None)
    if placed and plain:
        assert 0 <= placed.left <= plain.left < plain.right <= placed.right <= WIDTH
        assert 0 <= placed.top <= plain.top < plain.bottom <= placed.bottom <= HEIGHT


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_the_box_is_in_stored_pixels_and_the_crop_is_upright(kind: str, orientation: int) -> None:
    """The reference is Pillow."""
    data = encoded(kind, orientation)
    header = read_photo_header(data)
    assert header is not None
    image = crop(data, Box(10, 5, 34, 17), header)
    assert image is not None
    stored = PIL.Image.open(io.BytesIO(data)).convert("RGB").crop((10, 5, 34, 17))
    stored.getexif()[0x0112] = orientation
    upright = np.asarray(_transposed(stored, orientation))
    assert decoded(image.data).shape == upright.shape == (image.height, image.width, 3)
    assert np.abs(decoded(image.data).astype(int) - upright).max() <= (4 if kind == "JPEG" else 0)


def _transposed(picture: PIL.Image.Image, orientation: int) -> PIL.Image.Image:
    from PIL.Image import Transpose as T

    turns = [None, None, T.FLIP_LEFT_RIGHT, T.ROTATE_180, T.FLIP_TOP_BOTTOM, T.TRANSPOSE,
             T.ROTATE_270, T.TRANSVERSE, T.ROTATE_90]  # fmt: skip
    turn = turns[orientation]
    return picture if turn is None else picture.transpose(turn)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_crop_is_turned_like_a_whole_photo(orientation: int) -> None:
    data = encoded("PNG", orientation)
    header = read_photo_header(data)
    assert header is not None
    image = crop(data, Box(0, 0, WIDTH, HEIGHT), header)
    assert image is not None
    assert np.array_equal(decoded(image.data), decoded(data))


def check(
    data: bytes, box: Box, margin: float | None = 0.0, min_side: int = 8
) -> tuple[Content, bytes | None]:
    rules = PhotoRules(min_side, 10_000, margin)
    return check_photo(Photo("1.jpg", 0, data, box), photo_hash(data), rules, {})


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_crop_has_its_own_hash_and_names_its_photo(kind: str) -> None:
    data, box = encoded(kind), Box(10, 5, 34, 17)
    content, cut_out = check(data, box)
    assert cut_out is not None
    assert content.sha256 == photo_hash(cut_out) != photo_hash(data)
    assert content.cut == Cut(photo_hash(data), box)
    assert (content.width, content.height, content.size) == (24, 12, len(cut_out))
    assert content.key.endswith("jpg" if kind == "JPEG" else "png")
    assert check(data, box) == (content, cut_out)


def test_a_cropped_jpeg_has_no_chroma_subsampling() -> None:
    cut_out = check(encoded("JPEG"), Box(10, 5, 34, 17))[1]
    assert cut_out is not None
    assert simplejpeg.decode_jpeg_header(cut_out)[3] == "444"


def test_boxes_are_ignored_without_cropping() -> None:
    data = encoded("JPEG")
    content, whole = check(data, Box(99, 99, 99, 99), margin=None)
    assert (content.cut, whole, content.width) == (None, data, WIDTH)


@pytest.mark.parametrize(
    ("box", "reason"), [(Box(60, 0, 70, 9), "bad-box"), (Box(0, 0, 7, 30), "too-small")]
)
def test_a_box_with_too_few_pixels_is_refused(box: Box, reason: str) -> None:
    with pytest.raises(RefusedPhotoError) as caught:
        check(encoded("JPEG"), box)
    assert caught.value.reason == reason


def test_a_known_crop_is_neither_decoded_nor_cropped_again() -> None:
    data, box = encoded("JPEG"), Box(10, 5, 34, 17)
    content, _ = check(data, box)
    rules = PhotoRules(8, 10_000, 0.0)
    half = data[: len(data) // 2] + b"\xff\xd9"  # it would be refused if it were decoded
    assert content.cut is not None
    known: dict[Origin, Content] = {Cut("hash", box): content}
    assert check_photo(Photo("1.jpg", 0, half, box), "hash", rules, known) == (content, None)


def test_a_damaged_photo_is_refused_even_if_its_box_is_intact() -> None:
    data = encoded("JPEG")
    with pytest.raises(RefusedPhotoError) as caught:
        check(data[: int(len(data) * 0.9)] + b"\xff\xd9", Box(0, 0, 20, 10))
    assert caught.value.reason == "truncated"
