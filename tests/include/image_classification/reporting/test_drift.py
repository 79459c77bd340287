"""Drift detection, with SciPy as the reference."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import ks_2samp

from include.contracts import files
from include.image_classification.container import CommandError
from include.image_classification.dataset.version.manifest import Image
from include.image_classification.evaluation.evaluate import answer_rows
from include.image_classification.evaluation.tables import write_table
from include.image_classification.reporting.drift import Predictions, measure_drift, read_reference


def predict(shares: dict[str, int], confidence: float, seed: int) -> Predictions:
    """Return predictions by class, with confidences from a beta distribution of that mean."""
    labels = [name for name, count in shares.items() for _ in range(count)]
    spread = np.random.default_rng(seed).beta(8 * confidence, 8 * (1 - confidence), len(labels))
    return Predictions(Counter(labels), spread)


REFERENCE = predict({"Audi": 300, "BMW": 300, "Fiat": 200}, 0.8, 1)


def test_samples_of_one_distribution_do_not_drift() -> None:
    found = measure_drift(REFERENCE, predict({"Audi": 80, "BMW": 70, "Fiat": 50}, 0.8, 2))
    assert (found["images"], found["reference_images"]) == (200, 800)
    assert found["classes"]["distance"] == pytest.approx(0.025)
    assert found["classes"]["p"] > 0.1
    assert found["confidence"]["p"] > 0.05


def test_identical_photos_do_not_drift_if_the_model_is_confident(tmp_path: Path) -> None:
    """Near 1, the rounding of the evaluation to six decimals could look like drift."""
    logits = np.zeros((1000, 5), np.float32)
    logits[:, 0] = np.random.default_rng(5).uniform(12, 18, 1000)
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
    softmax = exponents / exponents.sum(axis=1, keepdims=True)
    certain = softmax.max(axis=1).astype(np.float64)
    classes = ["=Audi", "BMW", "Fiat", "Seat", "VW"]  # in the table with an apostrophe before it
    images = [Image(f"{n}", f"{n}", 1, 1, 1, 0, "test", f"{n}.jpg") for n in range(len(certain))]
    rows = answer_rows(classes, images, softmax.astype(np.float64))
    write_table(tmp_path / "answers.csv", files.ANSWERS_COLUMNS, rows)
    reference = read_reference(tmp_path / "answers.csv")
    assert reference is not None
    found = measure_drift(
        reference, Predictions(Counter(classes[guess] for guess in softmax.argmax(axis=1)), certain)
    )
    assert (found["confidence"]["distance"], found["confidence"]["p"]) == (0.0, 1.0)
    assert found["confidence"]["mean"] == found["confidence"]["reference_mean"]
    assert found["classes"]["distance"] == 0.0


def test_class_drift_and_confidence_drift_are_separate() -> None:
    mixed = measure_drift(REFERENCE, predict({"Audi": 200}, 0.8, 2))
    assert mixed["classes"]["distance"] == pytest.approx(0.625)
    assert mixed["classes"]["p"] < 0.001
    assert mixed["confidence"]["p"] > 0.05
    unsure = measure_drift(REFERENCE, predict({"Audi": 75, "BMW": 75, "Fiat": 50}, 0.5, 2))
    assert unsure["classes"]["p"] > 0.1
    assert unsure["confidence"]["p"] < 0.001
    assert unsure["confidence"]["mean"] < unsure["confidence"]["reference_mean"]


def test_a_few_photos_of_one_class_may_be_chance() -> None:
    assert measure_drift(REFERENCE, predict({"Audi": 2}, 0.8, 2))["classes"]["p"] > 0.01


def test_drift_is_reproducible() -> None:
    batch = predict({"Audi": 20, "VW": 3}, 0.7, 3)
    assert measure_drift(REFERENCE, batch) == measure_drift(REFERENCE, batch)


@pytest.mark.parametrize("confidence", [0.8, 0.75, 0.5])
def test_confidence_drift_is_the_kolmogorov_smirnov_test(confidence: float) -> None:
    batch = predict({"Audi": 150, "BMW": 50}, confidence, 4)
    found = measure_drift(REFERENCE, batch)["confidence"]
    expected = ks_2samp(REFERENCE.confidence, batch.confidence, method="asymp")
    assert found["distance"] == pytest.approx(expected.statistic)
    assert found["p"] == pytest.approx(expected.pvalue, rel=0.3, abs=1e-4)  # no small-sample terms


def test_the_reference_is_read_from_the_evaluations_table(tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    assert read_reference(path) is None
    path.write_text("key,name,predicted_name,confidence\n")
    assert read_reference(path) is None
    path.write_text('key,name,predicted_name,confidence\na.jpg,Audi,"BMW, old",0.25\n')
    found = read_reference(path)
    assert found is not None
    assert (found.classes, found.confidence.tolist()) == ({"BMW, old": 1}, [0.25])


@pytest.mark.parametrize("text", ["key,name\na,b\n", "key,predicted_name,confidence\na,b,much\n"])
def test_another_table_is_an_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "answers.csv"
    path.write_text(text)
    with pytest.raises(CommandError, match=r"answers\.csv is not a table of predictions"):
        read_reference(path)
