"""Temperature scaling of logits whose best temperature is known."""

import numpy as np
import pytest
from numpy.typing import NDArray

from include.image_classification.training.loop.temperature import LogitSample, fit_temperature

Drawn = tuple[NDArray[np.float64], NDArray[np.int64]]


def draw(images: int, temperature: float, classes: int = 8, seed: int = 0) -> Drawn:
    """Return logits, and labels drawn from softmax(logits / temperature)."""
    random = np.random.default_rng(seed)
    logits = random.normal(size=(images, classes)) * 3
    # The maximum of logits with Gumbel noise is distributed as their softmax.
    labels = (logits + random.gumbel(size=logits.shape)).argmax(axis=1)
    return logits * temperature, labels


def correct(images: int, logit: float) -> Drawn:
    """Return images that are all classified correctly, with this logit and 0 for other classes."""
    labels = np.arange(images) % 8
    return np.eye(8)[labels] * logit, labels


@pytest.mark.parametrize("temperature", [0.2, 0.8, 1.0, 2.5, 12.0])
def test_a_known_temperature_is_found(temperature: float) -> None:
    fitted = fit_temperature(*draw(4000, temperature))
    assert fitted.temperature == pytest.approx(temperature, rel=0.05)
    assert (fitted.reason, fitted.images) == (None, 4000)
    assert fitted.calibration_error is not None
    assert fitted.calibration_error < 0.03


@pytest.mark.parametrize("seed", range(20))
def test_no_other_temperature_has_a_lower_cross_entropy(seed: int) -> None:
    logits, labels = draw(40, 0.3 + seed / 5, seed=seed)
    fitted = fit_temperature(logits, labels)
    assert fitted.cross_entropy is not None
    for factor in (0.99, 1.01, 1 / fitted.temperature):
        other = fit_temperature(logits / (fitted.temperature * factor), labels)
        assert other.cross_entropy_unscaled is not None
        assert other.cross_entropy_unscaled >= fitted.cross_entropy


@pytest.mark.parametrize(
    ("logits", "labels", "reason"),
    [
        (np.zeros((0, 3)), np.zeros(0, np.int64), "no image"),
        (*draw(29, 2), "a temperature needs 30 validation images or more, not 29"),
        (np.full((40, 3), np.nan), np.arange(40) % 3, "not finite"),
        (np.full((40, 3), np.inf), np.arange(40) % 3, "not finite"),
        (draw(40, 2)[0], np.zeros(40, np.int64), "all 40 validation images have the same class"),
        (np.zeros((40, 1)), np.zeros(40, np.int64), "the same class"),
        (-correct(40, 5)[0], correct(40, 5)[1], "all 40 validation images are classified wrongly"),
        (draw(40, 2)[0], draw(40, 2, seed=1)[1], "no temperature from 0.05 to 20 fits better"),
        (np.zeros((40, 3)), np.arange(40) % 3, "fits better"),
        (*draw(4000, 0.01), "fits better"),
        (*correct(40, 30), "fits better"),
    ],
)
def test_images_that_determine_no_temperature_give_1_and_the_reason(
    logits: NDArray[np.float64], labels: NDArray[np.int64], reason: str
) -> None:
    fitted = fit_temperature(logits, labels)
    assert fitted.temperature == 1
    assert reason in (fitted.reason or "")
    assert fitted.cross_entropy == fitted.cross_entropy_unscaled
    assert fitted.calibration_error == fitted.calibration_error_unscaled
    assert reason in str(fitted)


def test_correct_images_make_the_network_confident_but_not_certain() -> None:
    """A network that was trained with label smoothing is not confident enough."""
    fitted = fit_temperature(*correct(48, 4))
    assert fitted.temperature < 1
    assert fitted.cross_entropy is not None
    assert 1 - np.exp(-fitted.cross_entropy) == pytest.approx(1 / 48, rel=0.3)


def test_large_logits_do_not_overflow() -> None:
    logits, labels = draw(1000, 2)
    fitted = fit_temperature(logits + 5000, labels)
    assert fitted.temperature == pytest.approx(2, rel=0.1)


def test_a_sample_leaves_out_padding_rows() -> None:
    logits, labels = draw(50, 2)
    sample = LogitSample()
    for start in range(0, 50, 16):
        rows = min(16, 50 - start)
        batch = np.full((16, 8), 1e9, np.float32)
        batch[:rows] = logits[start : start + rows]
        sample.add(batch, np.resize(labels[start : start + rows], 16).astype(np.float32), rows)
    fitted, expected = sample.fit(), fit_temperature(logits, labels)
    assert fitted.images == 50
    assert fitted.temperature == pytest.approx(expected.temperature, rel=1e-4)


def test_a_sample_of_many_images_is_thinned_out_evenly() -> None:
    sample = LogitSample(maximum_logits=8 * 100)
    for number in range(1000):
        # The first half of the split has another temperature than the second half.
        logits, labels = draw(2, 4 if number < 500 else 1, seed=number)
        sample.add(logits.astype(np.float32), labels.astype(np.float32), 2)
    fitted = sample.fit()
    assert 50 <= fitted.images <= 100
    assert 1.2 < fitted.temperature < 3.5


def test_an_empty_sample_has_no_temperature() -> None:
    assert LogitSample().fit().reason == "no image"
