"""Predictions of a batch transform: a file `<key>.out` for each image."""

import itertools
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from include.contracts import files
from include.image_classification.container import CommandError
from include.image_classification.dataset.version.manifest import Image

SUFFIX = files.PREDICTION_SUFFIX
Probabilities = NDArray[np.float64]
NAMED = 3

BLOCK_IMAGES, BLOCK_NUMBERS = 512, 1 << 20
"""The maximum of a block: 8 MB of probabilities."""


def prediction_keys(folder: Path) -> Iterator[str]:
    """Yield the keys of the predicted images in a folder and its subfolders, sorted.

    Memory holds the names of one folder at a time, with those of its parents.
    """
    return _keys(os.fspath(folder), "") if folder.is_dir() else iter(())


def _keys(folder: str, prefix: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        # A folder sorts as the keys below it do. Its mark keeps it apart from a file of its name.
        names = sorted(
            f"{entry.name}/" if entry.is_dir() else entry.name.removesuffix(SUFFIX)
            for entry in entries
            if entry.is_dir() or (entry.name.endswith(SUFFIX) and entry.is_file())
        )
    for name in names:
        if name.endswith("/"):
            yield from _keys(f"{folder}/{name[:-1]}", prefix + name)
        else:
            yield prefix + name


def read_blocks(
    folder: Path, images: Iterable[Image], classes: int
) -> Iterator[tuple[list[Image], Probabilities]]:
    """Yield the images in blocks, in order, each with its probabilities (images x classes).

    Raises:
        CommandError: A prediction is damaged or, after the last block, predictions are missing
            (with their number and the first keys).
    """
    remaining, size = iter(images), max(1, min(BLOCK_IMAGES, BLOCK_NUMBERS // classes))
    first: list[str] = []
    total = missing = 0
    while block := list(itertools.islice(remaining, size)):
        absent = [image.key for image in block if not _is_predicted(folder, image.key)]
        first = (first + absent)[:NAMED]
        total, missing = total + len(block), missing + len(absent)
        if not missing:
            yield block, np.stack([read_prediction(folder, image.key, classes) for image in block])
    if missing:
        more = ", ..." if missing > NAMED else ""
        raise CommandError(
            f"{missing} of {total} images have no prediction ({', '.join(first)}{more}): "
            "run the batch transform again"
        )


def _is_predicted(folder: Path, key: str) -> bool:
    return os.path.isfile(f"{folder}/{key}{SUFFIX}")


class UnreadablePhotoError(CommandError):
    """The server could not read the photo, and answered with an error record.

    Attributes:
        reason: The text of the error record.
    """

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: the model's server could not read the photo: {reason}")
        self.reason = reason


def read_prediction(folder: Path, key: str, classes: int) -> Probabilities:
    """Return the probabilities of an image, one for each class.

    Both response formats are supported: `{"prediction": [...]}` and a plain list.

    Raises:
        UnreadablePhotoError: The file is an error record, `{"error": "..."}`.
        CommandError: The file is damaged or has another number of classes.
    """
    name = key + SUFFIX
    try:
        loaded = json.loads((folder / name).read_bytes())
        if isinstance(loaded, dict) and isinstance(loaded.get("error"), str):
            raise UnreadablePhotoError(key, loaded["error"])
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
