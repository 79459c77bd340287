"""The study of temperature and mirror images, with a model of known answers."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.studies.probabilities import measure
from include.image_classification.images.resizing import Image


class LeftColumn:
    """Predicts class 1 with the brightness of the left column as its probability."""

    def probabilities(self, images: Sequence[Image]) -> NDArray[np.float32]:
        second = np.array([image[:, 0].mean() / 100 for image in images], np.float32)
        return np.stack([1 - second, second], axis=1)


def image(left: int, right: int) -> Image:
    pixels = np.zeros((4, 4, 3), np.uint8)
    pixels[:, 0], pixels[:, -1] = left, right
    return pixels


def test_the_figures_match_a_manual_calculation() -> None:
    # Class 1 has the probabilities 0.4 and 0.9, and 0.6 and 0.7 if they are averaged.
    images = [image(40, 80), image(90, 50)] * 10
    found = measure(LeftColumn(), images, [1] * 20, 2.0)
    assert (found["images"], found["top1"], found["top1_averaged"]) == (20, 0.5, 1)
    assert found["calibration_error"] == pytest.approx((0.6 + 0.1) / 2, abs=1e-6)
    assert found["calibration_error_averaged"] == pytest.approx((0.4 + 0.3) / 2, abs=1e-6)
    wrong, right = 0.6**2 / (0.6**2 + 0.4**2), 0.9**2 / (0.9**2 + 0.1**2)
    expected = (wrong + 1 - right) / 2
    assert found["calibration_error_unscaled"] == pytest.approx(expected, abs=1e-6)
