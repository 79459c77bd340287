"""Whether to compute in bfloat16: it pays on few machines, so that is tried, not assumed."""

import logging
import os
import subprocess
import sys

from include.image_classification.training.hyperparameters import Hyperparameters

_log = logging.getLogger(__name__)
TRIAL = "include.image_classification.training.precision_trial"
TRIAL_SECONDS = 300


def choose_precision(settings: Hyperparameters) -> str:
    """Return `float32` or `bfloat16`, and say in the log why.

    Where bfloat16 is asked for, both are tried for a few steps, each in a process of its own:
    MXNet's bfloat16 ends the process on some processors.
    """
    if settings.precision_dtype == "float32":
        return "float32"
    if settings.precision_dtype == "float16":
        _log.info(
            "precision_dtype float16 needs a GPU, which this image does not use: using float32"
        )
        return "float32"
    usual, asked = _speed("float32", settings), _speed("bfloat16", settings)
    if asked is None:
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


def _speed(dtype: str, settings: Hyperparameters) -> float | None:
    sizes = [settings.num_layers, settings.mini_batch_size, *settings.image_shape]
    command = [sys.executable, "-m", TRIAL, dtype, settings.network, *map(str, sizes)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        run = subprocess.run(
            command,
            env=environment,
            capture_output=True,
            text=True,
            timeout=TRIAL_SECONDS,
            check=True,
        )
        return float(run.stdout.split()[-1])
    except (subprocess.SubprocessError, ValueError, IndexError):
        return None
