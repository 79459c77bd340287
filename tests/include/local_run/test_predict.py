"""A photo is sent unchanged unless it exceeds the endpoint's limit; then it is shrunk."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from include.local_run import predict
from include.local_run.errors import RunError
from tests.include.image_classification.animated import animated_png


def _photo(file: Path) -> Path:
    noise = np.random.default_rng(0).integers(0, 256, (240, 2000, 3), dtype=np.uint8)
    cv2.imwrite(str(file), noise)
    return file


@pytest.mark.parametrize(("name", "mime"), [("a.jpg", "image/jpeg"), ("a.png", "image/png")])
def test_a_photo_is_sent_unchanged_with_its_type(tmp_path: Path, name: str, mime: str) -> None:
    photo = _photo(tmp_path / name)
    assert predict.read_photo(photo) == (photo.read_bytes(), mime)


def test_a_large_photo_is_shrunk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects large phone photos, which exceed the endpoint's request limit."""
    monkeypatch.setattr(predict, "MAX_REAL_TIME_BYTES", 1000)
    content, content_type = predict.read_photo(_photo(tmp_path / "a.png"))
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert content_type == "image/jpeg"
    assert image is not None
    assert image.shape[1] == 1600


def test_a_large_animated_png_is_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Decoding some animated PNGs crashes OpenCV."""
    monkeypatch.setattr(predict, "MAX_REAL_TIME_BYTES", 10)
    (tmp_path / "a.png").write_bytes(animated_png())
    with pytest.raises(RunError, match=r"a\.png: it is an animated PNG"):
        predict.read_photo(tmp_path / "a.png")


def test_a_large_file_with_a_damaged_signature_is_rejected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A transfer in text mode changes the end of a PNG's signature."""
    monkeypatch.setattr(predict, "MAX_REAL_TIME_BYTES", 10)
    damaged = _photo(tmp_path / "a.png")
    damaged.write_bytes(damaged.read_bytes().replace(b"\r\n", b"\n"))
    with pytest.raises(
        RunError, match=r"a\.png: it cannot be decoded: .* give another JPEG or PNG"
    ):
        predict.read_photo(damaged)


def test_a_photo_with_too_many_pixels_is_rejected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Decoded, it would take gigabytes; the endpoint refuses it, too."""
    monkeypatch.setattr(predict, "MAX_REAL_TIME_BYTES", 10)
    photo = _photo(tmp_path / "a.png")
    header = b"IHDR" + struct.pack(">II5B", 40_000, 40_000, 8, 2, 0, 0, 0)
    content = photo.read_bytes()
    photo.write_bytes(content[:12] + header + struct.pack(">I", zlib.crc32(header)) + content[33:])
    with pytest.raises(RunError, match=r"a\.png: 40000 x 40000 pixels, more than"):
        predict.read_photo(photo)


def test_a_truncated_photo_is_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predict, "MAX_REAL_TIME_BYTES", 10)
    cut = tmp_path / "cut.png"
    cut.write_bytes(_photo(tmp_path / "a.png").read_bytes()[:50])
    with pytest.raises(RunError, match="cannot be decoded"):
        predict.read_photo(cut)
