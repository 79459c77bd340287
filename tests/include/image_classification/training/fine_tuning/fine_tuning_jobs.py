"""Test data: jobs that continue from the model of an earlier job."""

import json
import shutil
from pathlib import Path
from typing import Any

from include.image_classification.mxnet_import import mx
from tests.include.image_classification.training.job_data import make_job

Arrays = dict[str, Any]


def make_continued_job(
    base: Path, model: Path, validation: int = 40, /, **changes: str | None
) -> Path:
    """Create a job whose channel `model` has an earlier job's model.

    Args:
        base: The folder.
        model: The folder of the model.
        validation: The number of validation images.
        changes: Hyperparameters that differ from the earlier job's.
    """
    make_job(base, validation, **changes)
    shutil.copytree(model, base / "input" / "data" / "model")
    return base


def initial(model: Path) -> Arrays:
    """Return the parameters of the best epoch of a job that kept no others."""
    (path,) = model.glob("*.params")
    return read_parameters(path)


def read_parameters(path: Path) -> Arrays:
    """Return the arrays of a .params file by name."""
    return {name: array.asnumpy() for name, array in mx.nd.load(str(path)).items()}


def history(base: Path) -> Any:
    """Return a job's training.json."""
    return json.loads((base / "output" / "data" / "training.json").read_text())
