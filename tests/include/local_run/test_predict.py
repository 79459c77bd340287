"""A photo is sent as it is, unless it is larger than an endpoint takes."""

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


@pytest.mark.parametrize(("name", "kind"), [("a.jpg", "image/jpeg"), ("a.png", "image/png")])
def test_a_photo_is_sent_unchanged_with_its_type(tmp_path: Path, name: str, kind: str) -> None:
    photo = _photo(tmp_path / name)
    assert predict.read_photo(photo) == (photo.read_bytes(), kind)


def test_a_large_photo_is_made_smaller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects phone photos from the endpoint's limit on a request."""
    monkeypatch.setattr(predict, "LARGEST_BODY", 1000)
    content, kind = predict.read_photo(_photo(tmp_path / "a.png"))
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert kind == "image/jpeg"
    assert image is not None
    assert image.shape[1] == 1600


def test_a_large_animated_png_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some of them end the process that decodes them."""
    monkeypatch.setattr(predict, "LARGEST_BODY", 10)
    (tmp_path / "a.png").write_bytes(animated_png())
    with pytest.raises(RunError, match=r"a\.png: it is an animated PNG"):
        predict.read_photo(tmp_path / "a.png")


def test_a_large_file_with_a_damaged_signature_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A transfer in text mode changes the end of a PNG's signature."""
    monkeypatch.setattr(predict, "LARGEST_BODY", 10)
    damaged = _photo(tmp_path / "a.png")
    damaged.write_bytes(damaged.read_bytes().replace(b"\r\n", b"\n"))
    with pytest.raises(
        RunError, match=r"a\.png: it cannot be decoded: .* name another JPEG or PNG"
    ):
        predict.read_photo(damaged)


def test_a_photo_with_too_many_pixels_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenCV raises an error of its own where a photo has more than 2**30 pixels."""
    monkeypatch.setattr(predict, "LARGEST_BODY", 10)
    photo = _photo(tmp_path / "a.png")
    header = b"IHDR" + struct.pack(">II5B", 40_000, 40_000, 8, 2, 0, 0, 0)
    content = photo.read_bytes()
    photo.write_bytes(content[:12] + header + struct.pack(">I", zlib.crc32(header)) + content[33:])
    with pytest.raises(RunError, match="too many pixels"):
        predict.read_photo(photo)


def test_a_cut_off_large_photo_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predict, "LARGEST_BODY", 10)
    cut = tmp_path / "cut.png"
    cut.write_bytes(_photo(tmp_path / "a.png").read_bytes()[:50])
    with pytest.raises(RunError, match="cannot be decoded"):
        predict.read_photo(cut)
