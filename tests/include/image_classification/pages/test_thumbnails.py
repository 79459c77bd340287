"""Pictures within the page."""

import base64
from pathlib import Path

import cv2
import numpy as np
import pytest

from include.image_classification.pages.thumbnails import thumbnail


@pytest.mark.parametrize("size", [(400, 30), (30, 400), (1, 1), (200, 300)])
def test_every_photo_fills_the_frame(tmp_path: Path, size: tuple[int, int]) -> None:
    (tmp_path / "a.png").write_bytes(
        cv2.imencode(".png", np.zeros((*size, 3), np.uint8))[1].tobytes()
    )
    uri = thumbnail(tmp_path / "a.png", 60, 40)
    assert uri is not None
    decoded = base64.b64decode(uri.removeprefix("data:image/jpeg;base64,"))
    assert cv2.imdecode(np.frombuffer(decoded, np.uint8), cv2.IMREAD_COLOR).shape == (40, 60, 3)


@pytest.mark.parametrize("content", [b"", b"hello"])
def test_what_is_no_photo_has_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.jpg").write_bytes(content)
    assert thumbnail(tmp_path / "a.jpg", 60, 40) is None
    assert thumbnail(tmp_path / "missing.jpg", 60, 40) is None


def test_what_there_is_of_a_photo_that_is_cut_off_is_shown(tmp_path: Path) -> None:
    encoded = cv2.imencode(".jpg", np.zeros((90, 90, 3), np.uint8))[1].tobytes()
    (tmp_path / "a.jpg").write_bytes(encoded[:-3])
    assert thumbnail(tmp_path / "a.jpg", 60, 40) is not None


def test_a_picture_that_would_unfold_to_gigabytes_is_not_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page shows what was refused, and this may be why."""
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("it was decoded"))
    size = (30_000).to_bytes(4, "big") * 2
    for start in (b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR" + size, b"II*\0" + size, b"BM" + size):
        (tmp_path / "bomb").write_bytes(start + bytes(5))
        assert thumbnail(tmp_path / "bomb", 60, 40) is None
