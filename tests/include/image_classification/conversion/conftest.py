"""Fixtures for tests of the conversion of lists."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.include.image_classification.conversion.listed_photos import SIZES


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Photos of several sizes with smooth colors, which all interpolations shrink alike."""
    folder = tmp_path / "images"
    folder.mkdir()
    for number, (width, height) in enumerate(SIZES):
        across = np.linspace(0, 200, width)[None, :, None]
        down = np.linspace(0, 55, height)[:, None, None]
        image = (across + down + np.array([0, 20, 40]) * number / 4).clip(0, 255)
        cv2.imwrite(str(folder / f"{number}.jpg"), image.astype(np.uint8))
    return folder
