"""Thumbnails in pages."""

import base64
from pathlib import Path

import cv2
import numpy as np
import pytest

from include.image_classification.pages.thumbnails import make_thumbnail


@pytest.mark.parametrize("size", [(400, 30), (30, 400), (1, 1), (200, 300)])
def test_every_thumbnail_fills_the_frame(tmp_path: Path, size: tuple[int, int]) -> None:
    (tmp_path / "a.png").write_bytes(
        cv2.imencode(".png", np.zeros((*size, 3), np.uint8))[1].tobytes()
    )
    uri = make_thumbnail(tmp_path / "a.png", 60, 40)
    assert uri is not None
    decoded = base64.b64decode(uri.removeprefix("data:image/jpeg;base64,"))
    assert cv2.imdecode(np.frombuffer(decoded, np.uint8), cv2.IMREAD_COLOR).shape == (40, 60, 3)


@pytest.mark.parametrize("size", [(1, 300_000), (300_000, 1)])
def test_a_thin_strip_takes_little_memory(tmp_path: Path, size: tuple[int, int]) -> None:
    """A strip that was enlarged to fill the frame would take 10 GB."""
    (tmp_path / "a.png").write_bytes(
        cv2.imencode(".png", np.zeros((*size, 3), np.uint8))[1].tobytes()
    )
    assert make_thumbnail(tmp_path / "a.png", 60, 40) is not None


@pytest.mark.parametrize("content", [b"", b"hello"])
def test_other_files_have_no_thumbnail(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.jpg").write_bytes(content)
    assert make_thumbnail(tmp_path / "a.jpg", 60, 40) is None
    assert make_thumbnail(tmp_path / "missing.jpg", 60, 40) is None


def test_the_existing_part_of_a_cut_off_photo_is_shown(tmp_path: Path) -> None:
    encoded = cv2.imencode(".jpg", np.zeros((90, 90, 3), np.uint8))[1].tobytes()
    (tmp_path / "a.jpg").write_bytes(encoded[:-3])
    assert make_thumbnail(tmp_path / "a.jpg", 60, 40) is not None


def test_a_decompression_bomb_is_not_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page of a dataset shows photos that were quarantined for their size."""
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("it was decoded"))
    size = (30_000).to_bytes(4, "big") * 2
    for start in (b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR" + size, b"II*\0" + size, b"BM" + size):
        (tmp_path / "bomb").write_bytes(start + bytes(5))
        assert make_thumbnail(tmp_path / "bomb", 60, 40) is None
