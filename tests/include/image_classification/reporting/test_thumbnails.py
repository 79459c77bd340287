"""Pictures within the page."""

import base64
from pathlib import Path

import cv2
import numpy as np
import pytest

from include.image_classification.reporting.thumbnails import thumbnail


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
