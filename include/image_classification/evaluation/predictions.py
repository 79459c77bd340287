"""Predictions of a batch transform: a file `<key>.out` for each image."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from include.contracts import files
from include.image_classification.container import CommandError

SUFFIX = files.PREDICTION_SUFFIX
Probabilities = NDArray[np.float64]


def prediction_keys(folder: Path) -> Iterator[str]:
    """Yield the keys of the predicted images in a folder and its subfolders, sorted."""
    paths = sorted(path for path in folder.rglob(f"*{SUFFIX}") if path.is_file())
    for path in paths:
        yield path.relative_to(folder).as_posix().removesuffix(SUFFIX)


def read_prediction(folder: Path, key: str, classes: int) -> Probabilities:
    """Return the probabilities of an image, one for each class.

    Both response formats are supported: `{"prediction": [...]}` and a plain list.

    Raises:
        CommandError: The file is damaged or has another number of classes.
    """
    name = key + SUFFIX
    try:
        loaded = json.loads((folder / name).read_bytes())
        values = loaded["prediction"] if isinstance(loaded, dict) else loaded
        answer = np.asarray(values, np.float64)
    except (ValueError, KeyError, TypeError) as error:
        raise CommandError(f"prediction {name} is damaged ({error}): predict again") from None
    if answer.shape != (classes,):
        raise CommandError(
            f"prediction {name} has {answer.size} probabilities, but there are {classes} classes: "
            "the model was trained on another dataset version"
        )
    if not np.isfinite(answer).all():
        raise CommandError(
            f"prediction {name} holds NaN or infinite numbers: the training diverged"
        )
    return answer


def format_probability(probability: float) -> str:
    """Return a probability with six decimals, as in all tables.

    Format a probability before comparing it with one from a table: those of a confident model
    differ only in later decimals.
    """
    return f"{probability:.6f}"
