"""Whether to compute in bfloat16: it pays on few machines, so that is tried, not assumed."""

import contextlib
import logging
import os
import subprocess
import sys
import threading
import time

from include.image_classification.training.hyperparameters import Hyperparameters

_log = logging.getLogger(__name__)
TRIAL = "include.image_classification.training.networks.precision_trial"
TRIAL_SECONDS = 300
_TICK = 0.1


def choose_precision(settings: Hyperparameters, stop: threading.Event) -> str:
    """Return `float32` or `bfloat16`, and say in the log why.

    Where bfloat16 is asked for, both are tried for a few steps, each in a process of its own:
    MXNet's bfloat16 ends the process on some processors. `stop` ends the trials at once.
    """
    if settings.precision_dtype == "float32":
        return "float32"
    if settings.precision_dtype == "float16":
        _log.info(
            "precision_dtype float16 needs a GPU, which this image does not use: using float32"
        )
        return "float32"
    usual, asked = _speed("float32", settings, stop), _speed("bfloat16", settings, stop)
    if stop.is_set():
        _log.info("Told to stop while precision_dtype bfloat16 was tried: using float32")
    elif asked is None:
        _log.info("precision_dtype bfloat16 does not work on this processor: using float32")
    elif usual is not None and asked <= usual:
        _log.info(
            "precision_dtype bfloat16 is no gain here (%.0f images per second, float32 %.0f): "
            "using float32",
            asked,
            usual,
        )
    else:
        _log.info("Using bfloat16: %.0f images per second, float32 %.0f", asked, usual or 0)
        return "bfloat16"
    return "float32"


def _speed(dtype: str, settings: Hyperparameters, stop: threading.Event) -> float | None:
    sizes = [settings.num_layers, settings.mini_batch_size, *settings.image_shape]
    command = [sys.executable, "-m", TRIAL, dtype, settings.network, *map(str, sizes)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as trial:
        try:
            answer = _answer(trial, stop)
        finally:
            trial.kill()
    try:
        return float(answer.split()[-1]) if trial.returncode == 0 else None
    except (ValueError, IndexError):
        return None


def _answer(trial: subprocess.Popen[str], stop: threading.Event) -> str:
    """What it prints; nothing where it takes too long or `stop` is set."""
    deadline = time.monotonic() + TRIAL_SECONDS
    while not stop.is_set() and time.monotonic() < deadline:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return trial.communicate(timeout=_TICK)[0]
    return ""
