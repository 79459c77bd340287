"""No command passes an animated PNG to OpenCV, which could crash."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from include.image_classification.images import decoding as conversion
from include.image_classification.images import network_input as training
from include.image_classification.images.header import describe
from include.image_classification.images.opencv_decoder import (
    AnimatedPhotoError,
    Color,
    UnsupportedPhotoError,
    decode_still,
)
from include.image_classification.pages.thumbnails import make_thumbnail
from tests.include.image_classification.animated import animated_png


@pytest.fixture(autouse=True)
def _fail_on_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("it was decoded"))


def test_an_animated_png_is_refused_by_name() -> None:
    with pytest.raises(AnimatedPhotoError, match="it is an animated PNG; only still images"):
        decode_still(animated_png(), cv2.IMREAD_COLOR)


@pytest.mark.parametrize("color", [1, 0, -1])
def test_conversion_refuses_an_animated_png(color: Color) -> None:
    with pytest.raises(ValueError, match="an animated PNG"):
        conversion.decode_photo(animated_png(), color)


def test_training_refuses_an_animated_png() -> None:
    assert training.decode_for_network(animated_png(), 3) is None


OTHERS = {
    "JPEG 2000": ".jp2", "BMP": ".bmp", "TIFF": ".tiff", "WebP": ".webp",
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_other_formats_are_refused_by_name_before_decoding(name: str) -> None:
    """OpenCV reads all of them, with decoders that have vulnerabilities such as CVE-2025-53644."""
    encoded = cv2.imencode(OTHERS[name], np.full((40, 60, 3), 9, np.uint8))[1].tobytes()
    message = f"it cannot be decoded: {name}; only JPEG and PNG are supported"
    with pytest.raises(UnsupportedPhotoError, match=message):
        decode_still(encoded, cv2.IMREAD_COLOR)
    for color in (1, 0, -1):
        with pytest.raises(ValueError, match=message):
            conversion.decode_photo(encoded, color)
    assert training.decode_for_network(encoded, 3) is None
    assert training.describe_undecodable(encoded).startswith(f"{name}; only JPEG and PNG")


def test_a_jpeg_2000_codestream_is_named() -> None:
    assert describe(b"\xff\x4f\xff\x51rest") == "JPEG 2000; only JPEG and PNG are supported"


def test_pages_do_not_show_an_animated_png(tmp_path: Path) -> None:
    """The page of a dataset shows quarantined photos."""
    (tmp_path / "a.png").write_bytes(animated_png())
    assert make_thumbnail(tmp_path / "a.png", 60, 40) is None


def test_a_still_png_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    encoded = cv2.imencode(".png", np.full((4, 6, 3), 9, np.uint8))[1].tobytes()
    monkeypatch.undo()
    assert decode_still(encoded, cv2.IMREAD_COLOR).shape == (4, 6, 3)
