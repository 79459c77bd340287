"""Tests that `select` and the server have the same size limits for photos."""

import io
import struct

import pytest
from PIL import Image
from pydantic import ValidationError

from include.config.sections.dataset import Dataset
from include.contracts import limits as photo_limits
from include.image_classification.dataset.settings import parse_settings
from include.image_classification.dataset.version.photo_check import (
    Photo,
    PhotoRules,
    check_photo,
    photo_hash,
)
from include.image_classification.images.strict_decoding import RefusedPhotoError
from include.image_classification.selection.screening.check import problem
from include.image_classification.serving.photo import PhotoError, read_photo

pytestmark = pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")

FRAME = b"\xff\xc0"
JPEG, PNG = photo_limits.LONGEST_SIDE["jpg"], photo_limits.LONGEST_SIDE["png"]


def photo(kind: str, width: int, height: int) -> bytes:
    """Return a black photo; an oversized JPEG has the size in its header only."""
    size = (min(width, JPEG), min(height, JPEG)) if kind == "JPEG" else (width, height)
    file = io.BytesIO()
    Image.new("L" if kind == "JPEG" else "1", size).save(file, kind)
    content = file.getvalue()
    if size != (width, height):
        at = content.index(FRAME) + 5
        content = content[:at] + struct.pack(">HH", height, width) + content[at + 4 :]
    return content


def server_accepts(content: bytes) -> bool:
    try:
        read_photo(content, (3, 32, 32))
    except PhotoError:
        return False
    return True


def refresh_accepts(content: bytes) -> bool:
    rules = PhotoRules(min_side=1, max_pixels=10 * photo_limits.MAX_PIXELS)
    try:
        check_photo(Photo("a", 0, content), photo_hash(content), rules, {})
    except RefusedPhotoError:
        return False
    return True


@pytest.mark.parametrize(
    ("kind", "width", "height", "within"),
    [
        ("JPEG", JPEG, 8, True),
        ("JPEG", JPEG + 1, 8, False),
        ("JPEG", 8, JPEG, True),
        ("JPEG", 8, JPEG + 1, False),
        ("JPEG", 10_000, 10_000, True),
        ("JPEG", 7_122, 14_041, False),
        ("PNG", PNG, 1, True),
        ("PNG", PNG + 1, 1, False),
        ("PNG", 1, PNG, True),
        ("PNG", 1, PNG + 1, False),
        ("PNG", 56, 65_576, True),
        ("PNG", 10_000, 10_000, True),
        # Two pixels more than the limit: one more is a prime multiple of too long a side.
        ("PNG", 7_122, 14_041, False),
    ],
)
def test_select_server_and_refresh_accept_the_same_sizes(
    kind: str, width: int, height: int, within: bool
) -> None:
    """A photo that only the server rejects would fail the whole batch."""
    content = photo(kind, width, height)
    found = problem(content)
    assert (found is None) == within
    if not within:
        assert "more than" in str(found)
    assert server_accepts(content) == within
    assert refresh_accepts(content) == within


def test_max_pixels_is_at_most_the_decoders_limit() -> None:
    """A larger test photo would fail the evaluation."""
    assert Dataset(max_pixels=photo_limits.MAX_PIXELS).max_pixels == photo_limits.MAX_PIXELS
    with pytest.raises(ValidationError, match="max_pixels"):
        Dataset(max_pixels=photo_limits.MAX_PIXELS + 1)
    assert parse_settings(["--layout", "list"]).rules.max_pixels == photo_limits.MAX_PIXELS
