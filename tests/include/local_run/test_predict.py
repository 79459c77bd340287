"""A photo is sent as it is, unless it is larger than an endpoint takes."""

from __future__ import annotations

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


def test_a_cut_off_large_photo_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predict, "LARGEST_BODY", 10)
    cut = tmp_path / "cut.png"
    cut.write_bytes(_photo(tmp_path / "a.png").read_bytes()[:50])
    with pytest.raises(RunError, match="cannot be decoded"):
        predict.read_photo(cut)
