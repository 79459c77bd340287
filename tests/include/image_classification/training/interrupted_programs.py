"""Run trainings in processes that interrupt themselves."""

import os
import subprocess
import sys
from pathlib import Path

from tests.include.image_classification.training.job_data import ROOT

SAVED_EACH_EPOCH = """
from include.image_classification.training.loop import results
results.SAVE_INTERVAL = 0
"""
NEVER = "-1"
"""The epoch of a training that is not interrupted."""

_STOPPED_DURING_VALIDATION = """
import os, signal, sys
from include.image_classification.training import train
from {module} import {reader}

validation, validated = {reader}.validation, []
def interrupted(self):
    for number, batch in enumerate(validation(self)):
        if number == 1 and len(validated) == int(sys.argv[1]):
            os.kill(os.getpid(), signal.SIGTERM)
        yield batch
    validated.append(self)
{reader}.validation = interrupted
train.main([])
"""


def stopped_during_validation(reader: type) -> str:
    """Return a program that stops itself in the validation of an epoch, its argument.

    Args:
        reader: The class that reads the channel validation.
    """
    return _STOPPED_DURING_VALIDATION.format(module=reader.__module__, reader=reader.__name__)


def run_program(base: Path, epoch: str, program: str) -> subprocess.CompletedProcess[str]:
    """Train in a process with one thread, which interrupts itself in an epoch.

    Each epoch has a checkpoint, however short it is.
    """
    return subprocess.run(
        [sys.executable, "-c", SAVED_EACH_EPOCH + program, epoch],
        env={**os.environ, "SAGEMAKER_BASE_DIR": str(base), "OMP_NUM_THREADS": "1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
