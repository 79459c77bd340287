"""The choice of the precision, and its log lines."""

import logging
import subprocess
import threading
import time

import pytest

from include.image_classification.training.hyperparameters import Hyperparameters, parse
from include.image_classification.training.precision import choice

NEVER = threading.Event()


def settings(dtype: str) -> Hyperparameters:
    return parse({"num_classes": "2", "num_training_samples": "9", "precision_dtype": dtype})


@pytest.mark.parametrize(
    ("float32", "bfloat16", "chosen", "message"),
    [
        (100.0, 131.0, "bfloat16", "Using bfloat16: 131 images per second, float32 100"),
        (100.0, 90.0, "float32", "is not faster on this processor"),
        (100.0, None, "float32", "does not work on this processor"),
        (None, 90.0, "bfloat16", "Using bfloat16"),
    ],
)
def test_the_faster_precision_is_chosen_and_logged(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    float32: float | None,
    bfloat16: float | None,
    chosen: str,
    message: str,
) -> None:
    speeds = {"float32": float32, "bfloat16": bfloat16}
    monkeypatch.setattr(choice, "_measure_speed", lambda dtype, *_: speeds[dtype])
    caplog.set_level(logging.INFO)
    assert choice.choose_precision(settings("bfloat16"), NEVER) == chosen
    assert message in caplog.text


def test_float32_needs_no_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "_measure_speed", None)
    assert choice.choose_precision(settings("float32"), NEVER) == "float32"


def test_float16_trains_in_float32_and_logs_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert choice.choose_precision(settings("float16"), NEVER) == "float32"
    assert "float16 needs a GPU" in caplog.text


@pytest.mark.parametrize("trial", ["false", "echo no number"])
def test_a_failed_trial_selects_float32(monkeypatch: pytest.MonkeyPatch, trial: str) -> None:
    replace_trial(monkeypatch, trial)
    assert choice.choose_precision(settings("bfloat16"), NEVER) == "float32"


def replace_trial(monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    """Run this command in place of the trial."""
    popen = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda _, **more: popen(command.split(), **more))


def test_a_trial_that_exceeds_the_timeout_selects_float32(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    replace_trial(monkeypatch, "sleep 60")
    monkeypatch.setattr(choice, "TRIAL_TIMEOUT_SECONDS", 0.2)
    caplog.set_level(logging.INFO)
    assert choice.choose_precision(settings("bfloat16"), NEVER) == "float32"
    assert "does not work on this processor" in caplog.text


def test_a_stop_ends_the_trials(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """SageMaker sends SIGKILL 120 s after SIGTERM, and a trial may take 300 s."""
    replace_trial(monkeypatch, "sleep 60")
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    caplog.set_level(logging.INFO)
    started = time.monotonic()
    assert choice.choose_precision(settings("bfloat16"), stop) == "float32"
    assert time.monotonic() - started < 3
    assert "Stopped while precision_dtype bfloat16 was measured" in caplog.text
    assert "does not work" not in caplog.text
