"""The drawn data set as files in the layout of the Stanford Cars data set."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from include.local_run.drawing.kinds import KINDS
from include.local_run.drawing.photo import Photo, take_photo
from include.local_run.drawing.stanford import Annotation, write_devkit, write_photos

PER_CLASS, INCOMING = 60, 24
_TRAIN, _NEW = 0, 1


@dataclass(frozen=True)
class DrawnCars:
    """Files of a drawn data set.

    Attributes:
        folder: Contains `cars_train.tgz`, `car_devkit.tgz`, `incoming/` and `incoming_labels.json`.
        incoming: New photos, in the order of their names.
        labels: The true class of each new photo, by file name.
    """

    folder: Path
    incoming: tuple[Path, ...]
    labels: dict[str, str]


def draw_cars(
    folder: Path,
    seed: int = 0,
    per_class: int = PER_CLASS,
    incoming: int = INCOMING,
    progress: Callable[[int, int], None] | None = None,
) -> DrawnCars:
    """Draw the data set into `folder`, unless it exists.

    The archives are byte-identical for a seed. The folder is renamed when it is complete, so
    that an interrupted call does not leave an incomplete data set.

    Args:
        folder: Created by this function; an existing folder must be from the same arguments.
        seed: Seed of the random generator.
        per_class: Photos of each kind in the training archive.
        incoming: Photos for `incoming/`, of all kinds in turn.
        progress: Called with the photos drawn so far and their total.
    """
    if not folder.exists():
        unfinished = folder.with_name(folder.name + ".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        (unfinished / "incoming").mkdir(parents=True)
        _write_training(unfinished, seed, per_class, progress)
        _write_incoming(unfinished, seed, incoming)
        unfinished.rename(folder)
    labels: dict[str, str] = json.loads((folder / "incoming_labels.json").read_text())
    return DrawnCars(folder, tuple(folder / "incoming" / name for name in sorted(labels)), labels)


def drawing_version() -> str:
    """Return a hash of this package's code, which changes with the drawings."""
    code = (file.read_bytes() for file in sorted(Path(__file__).parent.glob("*.py")))
    return hashlib.sha256(b"".join(code)).hexdigest()[:8]


def _write_training(
    folder: Path, seed: int, per_class: int, progress: Callable[[int, int], None] | None
) -> None:
    total = per_class * len(KINDS)
    order = np.random.default_rng([seed, total]).permutation(total)
    annotations: list[Annotation] = []

    def photos() -> Iterator[tuple[str, bytes]]:
        for position, number in enumerate(order):
            index, label = divmod(int(number), len(KINDS))
            photo = _photo(seed, _TRAIN, label, index)
            name = f"{position + 1:05d}.jpg"
            annotations.append(Annotation(name, label, photo.box))
            yield name, photo.jpeg
            if progress:
                progress(position + 1, total)

    write_photos(folder / "cars_train.tgz", "cars_train", photos())
    names = [kind.name for kind in KINDS]
    write_devkit(folder / "car_devkit.tgz", names, annotations)


def _write_incoming(folder: Path, seed: int, count: int) -> None:
    labels: dict[str, str] = {}
    for position in range(count):
        index, label = divmod(position, len(KINDS))
        name = f"new_{position + 1:03d}.jpg"
        (folder / "incoming" / name).write_bytes(_photo(seed, _NEW, label, index).jpeg)
        labels[name] = KINDS[label].name
    (folder / "incoming_labels.json").write_text(json.dumps(labels, indent=1) + "\n")


def _photo(seed: int, part: int, label: int, index: int) -> Photo:
    """Return the generator of a photo, so that photos do not depend on the number of others."""
    return take_photo(KINDS[label], np.random.default_rng([seed, part, label, index]))
