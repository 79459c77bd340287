"""bfloat16 is used only where it works and pays, and the log says which."""

import logging
import subprocess

import pytest

from include.image_classification.training import precision
from include.image_classification.training.hyperparameters import Hyperparameters, parse


def settings(dtype: str) -> Hyperparameters:
    return parse({"num_classes": "2", "num_training_samples": "9", "precision_dtype": dtype})


@pytest.mark.parametrize(
    ("float32", "bfloat16", "chosen", "said"),
    [
        (100.0, 131.0, "bfloat16", "Using bfloat16: 131 images per second, float32 100"),
        (100.0, 90.0, "float32", "no gain here"),
        (100.0, None, "float32", "does not work on this processor"),
        (None, 90.0, "bfloat16", "Using bfloat16"),
    ],
)
def test_the_faster_one_is_chosen_and_told(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    float32: float | None,
    bfloat16: float | None,
    chosen: str,
    said: str,
) -> None:
    speeds = {"float32": float32, "bfloat16": bfloat16}
    monkeypatch.setattr(precision, "_speed", lambda dtype, _: speeds[dtype])
    caplog.set_level(logging.INFO)
    assert precision.choose_precision(settings("bfloat16")) == chosen
    assert said in caplog.text


def test_float32_needs_no_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "_speed", None)
    assert precision.choose_precision(settings("float32")) == "float32"


def test_float16_trains_in_float32_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert precision.choose_precision(settings("float16")) == "float32"
    assert "float16 needs a GPU" in caplog.text


@pytest.mark.parametrize("trial", ["false", "echo no number"])
def test_a_trial_that_fails_counts_as_not_working(
    monkeypatch: pytest.MonkeyPatch, trial: str
) -> None:
    run = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda _, **more: run(trial.split(), **more))
    assert precision.choose_precision(settings("bfloat16")) == "float32"
