"""Reading what batch transform wrote: one `<key>.out` an image."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from include.image_classification.container import ProgramError

SUFFIX = ".out"
Probabilities = NDArray[np.float64]


def prediction_keys(folder: Path) -> Iterator[str]:
    """Yield the key of every predicted image in a folder and those below, in order."""
    paths = sorted(path for path in folder.rglob(f"*{SUFFIX}") if path.is_file())
    for path in paths:
        yield path.relative_to(folder).as_posix().removesuffix(SUFFIX)


def read_prediction(folder: Path, key: str, classes: int) -> Probabilities:
    """Return one image's probabilities, as many as there are classes.

    Both forms are read: `{"prediction": [...]}` and the bare list.

    Raises:
        ProgramError: the file is no prediction over this many classes.
    """
    name = key + SUFFIX
    try:
        loaded = json.loads((folder / name).read_bytes())
        values = loaded["prediction"] if isinstance(loaded, dict) else loaded
        answer = np.asarray(values, np.float64)
    except (ValueError, KeyError, TypeError) as error:
        raise ProgramError(f"prediction {name} is damaged ({error}): predict again") from None
    if answer.shape != (classes,):
        raise ProgramError(
            f"prediction {name} has {answer.size} probabilities, but there are {classes} classes: "
            "the model was trained on another dataset version"
        )
    if not np.isfinite(answer).all():
        raise ProgramError(f"prediction {name} holds no finite numbers: the model diverged")
    return answer


def written(probability: float) -> str:
    """Write a probability as every table holds it, with six decimals.

    What is compared with a table's must be written before: a certain model's probabilities differ
    in later decimals only.
    """
    return f"{probability:.6f}"
