"""Effect of the temperature and of mirror images on a trained model's predictions.

Run as `python -m benchmarks.studies.probabilities <model folder> <record file>`, with a record file
of a split that the training has not seen.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from include.image_classification.evaluation.metrics import remove_temperature, score
from include.image_classification.images.resizing import Image
from include.image_classification.model import calibration
from include.image_classification.recordio.record_file import Records

BATCH = 8


class Classifier(Protocol):
    """A loaded model."""

    def probabilities(self, images: Sequence[Image]) -> NDArray[np.float32]:
        """Return images x classes for at most `BATCH` images."""


def measure(
    model: Classifier, images: Sequence[Image], labels: Sequence[int], temperature: float
) -> dict[str, Any]:
    """Return accuracy, calibration error and seconds, of single and of averaged predictions.

    Args:
        model: The model.
        images: Images of the model's shape.
        labels: Their class numbers.
        temperature: The temperature in the model's last layer; 1 if it has none.
    """
    started = time.perf_counter()
    plain = _predict(model, images)
    seconds = time.perf_counter() - started
    mirrored = _predict(model, [image[:, ::-1] for image in images])
    twice = time.perf_counter() - started
    truth = np.asarray(labels, np.int64)
    single, averaged = score(plain, truth), score((plain + mirrored) / 2, truth)
    unscaled = score(remove_temperature(plain, temperature), truth)
    return {
        "images": single.images,
        "temperature": temperature,
        "top1": single.top1,
        "top1_averaged": averaged.top1,
        "calibration_error_unscaled": unscaled.calibration_error,
        "calibration_error": single.calibration_error,
        "calibration_error_averaged": averaged.calibration_error,
        "seconds": round(seconds, 2),
        "seconds_averaged": round(twice, 2),
    }


def main(folder: Path, records: Path) -> None:
    """Print the figures of a model on a record file as JSON."""
    from include.image_classification.serving.model import Model

    model = Model(folder)
    images, labels = zip(*_read(records, model.shape), strict=True)
    record = folder / calibration.RECORD
    temperature = json.loads(record.read_text("utf-8"))["temperature"] if record.exists() else 1.0
    print(json.dumps(measure(model, images, labels, temperature), indent=1))


def _predict(model: Classifier, images: Sequence[Image]) -> NDArray[np.float64]:
    parts = [
        model.probabilities(images[start : start + BATCH]) for start in range(0, len(images), BATCH)
    ]
    return np.concatenate(parts).astype(np.float64)


def _read(records: Path, shape: tuple[int, int, int]) -> Iterator[tuple[Image, int]]:
    from include.image_classification.training.input.batches import BatchReader

    reader = BatchReader(Records.scan([records], sys.maxsize), shape, BATCH, threads=1)
    for batch in reader.validation():
        pixels = batch.images[: batch.rows].transpose(0, 2, 3, 1)
        yield from zip(pixels, batch.labels[: batch.rows].astype(int), strict=True)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
