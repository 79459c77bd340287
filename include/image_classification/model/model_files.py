"""Names of a model's files, and the choice of the epoch to serve."""

import json
from pathlib import Path

PREFIX = "image-classification"
SHAPES = "model-shapes.json"
UNFINISHED = ".unfinished"
CLASS_NAMES = "classes.json"
"""The class names in label order; the built-in algorithm has no such file."""

BEST_EPOCH = "best-epoch.json"
"""The epoch to serve, if checkpoint_frequency kept several; not in the built-in algorithm."""


def parameters_file(folder: Path) -> Path | None:
    """Return the parameters of the epoch to serve, or None if there are no parameters.

    This is the best epoch, or the newest if best-epoch.json is missing, as in a model of the
    built-in algorithm.
    """
    try:
        best = int(json.loads((folder / BEST_EPOCH).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        best = 0
    best_path = folder / f"{PREFIX}-{best:04d}.params"
    if best_path.is_file():
        return best_path
    paths = [path for path in folder.glob(f"{PREFIX}-*.params") if _number(path).isdecimal()]
    return max(paths, default=None, key=epoch_of)


def epoch_of(parameters: Path) -> int:
    """Return the epoch in the name of a .params file, or 0 if there is none."""
    number = _number(parameters)
    return int(number) if number.isdecimal() else 0


def _number(parameters: Path) -> str:
    return parameters.stem.rsplit("-", 1)[-1]
