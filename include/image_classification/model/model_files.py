"""The names of the files that a model consists of, and which of them serves."""

import json
from pathlib import Path

PREFIX = "image-classification"
SHAPES = "model-shapes.json"
UNFINISHED = ".unfinished"
CLASS_NAMES = "classes.json"
"""Ours: a list of the classes' names in label order."""

BEST_EPOCH = "best-epoch.json"
"""Ours: which epoch serves, where checkpoint_frequency left several."""


def parameters_file(folder: Path) -> Path | None:
    """Return the parameters of the epoch that serves: the best, else the newest; None without any.

    A model of the built-in algorithm does not say which is the best of several.
    """
    try:
        best = int(json.loads((folder / BEST_EPOCH).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        best = 0
    named = folder / f"{PREFIX}-{best:04d}.params"
    if named.is_file():
        return named
    found = [path for path in folder.glob(f"{PREFIX}-*.params") if _number(path).isdecimal()]
    return max(found, default=None, key=epoch_of)


def epoch_of(parameters: Path) -> int:
    """Return the epoch in the name of a parameters file, 0 if it has none."""
    number = _number(parameters)
    return int(number) if number.isdecimal() else 0


def _number(parameters: Path) -> str:
    return parameters.stem.rsplit("-", 1)[-1]
