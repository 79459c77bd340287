"""Choose the precision of a training: bfloat16 is faster on few processors, so it is measured."""

import contextlib
import logging
import os
import subprocess
import sys
import threading
import time

from include.image_classification.training.hyperparameters import Hyperparameters

_log = logging.getLogger(__name__)
TRIAL = "include.image_classification.training.precision.trial"
TRIAL_TIMEOUT_SECONDS = 300
_POLL_SECONDS = 0.1


def choose_precision(settings: Hyperparameters, stop: threading.Event) -> str:
    """Return `float32` or `bfloat16`, and log the reason.

    If precision_dtype is bfloat16, a few steps are measured in both precisions, each in a separate
    process, because MXNet's bfloat16 crashes on some processors. `stop` ends the measurement.
    """
    if settings.precision_dtype == "float32":
        return "float32"
    if settings.precision_dtype == "float16":
        _log.info(
            "precision_dtype float16 needs a GPU, which this image does not use: using float32"
        )
        return "float32"
    float32 = _measure_speed("float32", settings, stop)
    bfloat16 = _measure_speed("bfloat16", settings, stop)
    if stop.is_set():
        _log.info("Stopped while precision_dtype bfloat16 was measured: using float32")
    elif bfloat16 is None:
        _log.info("precision_dtype bfloat16 does not work on this processor: using float32")
    elif float32 is not None and bfloat16 <= float32:
        _log.info(
            "precision_dtype bfloat16 is not faster on this processor (%.0f images per second, "
            "float32 %.0f): using float32",
            bfloat16,
            float32,
        )
    else:
        _log.info("Using bfloat16: %.0f images per second, float32 %.0f", bfloat16, float32 or 0)
        return "bfloat16"
    return "float32"


def _measure_speed(dtype: str, settings: Hyperparameters, stop: threading.Event) -> float | None:
    sizes = [settings.num_layers, settings.mini_batch_size, *settings.training_shape]
    command = [sys.executable, "-m", TRIAL, dtype, settings.network, *map(str, sizes)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as trial:
        try:
            output = _read_output(trial, stop)
        finally:
            trial.kill()
    try:
        return float(output.split()[-1]) if trial.returncode == 0 else None
    except (ValueError, IndexError):
        return None


def _read_output(trial: subprocess.Popen[str], stop: threading.Event) -> str:
    """Return the output of a process, or "" if it exceeds the timeout or `stop` is set."""
    deadline = time.monotonic() + TRIAL_TIMEOUT_SECONDS
    while not stop.is_set() and time.monotonic() < deadline:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return trial.communicate(timeout=_POLL_SECONDS)[0]
    return ""
