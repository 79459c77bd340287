"""Process that quantizes a trained model and decides whether to serve it in int8.

Run as `python -m <this module> <model folder>`. Its standard input has two sequences of batches
(see `batch_pipe`): training images for the calibration, and validation images for the comparison.
"""

import logging
import statistics
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from include.image_classification import log_lines
from include.image_classification.images.resizing import Image
from include.image_classification.model.int8_decision import EPOCH, FILES, PREFIX, decide
from include.image_classification.quantization.batch_pipe import Images, read_batches
from include.image_classification.quantization.calibration import write_int8
from include.image_classification.serving.model import checkpoint
from include.image_classification.serving.network import SIZES, Network, input_shape

_log = logging.getLogger(__name__)
BATCH = SIZES[-1]
SPEED_PAIRS = 5


def main(arguments: list[str]) -> None:
    """Write int8.json into the model folder, and the int8 model if it is accepted."""
    log_lines.use_training_format()
    folder = Path(arguments[0])
    float32 = checkpoint(folder)
    calibration = [image for images, _ in read_batches(sys.stdin.buffer) for image in images]
    write_int8(float32, calibration, folder)
    shape = input_shape(folder)
    networks = (Network(*float32, shape), Network(folder / PREFIX, EPOCH, shape))
    correct, images = count_correct(networks, read_batches(sys.stdin.buffer))
    ratio = speed_ratio(networks, calibration)
    decision = decide(correct, images, len(calibration), ratio)
    _log.info(
        "int8 is %s: %s (top-1 %.4f, float32 %.4f, on %d validation images; calibrated on %d)",
        "served" if decision.served else "not served",
        decision.reason,
        decision.int8_top1,
        decision.float32_top1,
        images,
        len(calibration),
    )
    if not decision.served:
        for name in FILES:
            (folder / name).unlink()
    decision.write(folder)


def count_correct(
    networks: tuple[Network, Network], batches: Iterable[tuple[Images, NDArray[np.int64]]]
) -> tuple[tuple[int, int], int]:
    """Return how many images each network classifies correctly, and the number of images."""
    correct, count = [0, 0], 0
    for images, labels in batches:
        for start in range(0, len(images), BATCH):
            chunk, truth = list(images[start : start + BATCH]), labels[start : start + BATCH]
            for index, network in enumerate(networks):
                correct[index] += int((network.probabilities(chunk).argmax(axis=1) == truth).sum())
        count += len(images)
    return (correct[0], correct[1]), count


def speed_ratio(networks: tuple[Network, Network], images: Sequence[Image]) -> float:
    """Return the speed of the second network relative to the first: the median of pairs of runs."""
    batch = [images[index % len(images)] for index in range(BATCH)]
    ratios = []
    for _ in range(1 + SPEED_PAIRS):
        slow, fast = (_seconds(network, batch) for network in networks)
        ratios.append(slow / fast)
    return statistics.median(ratios[1:])


def _seconds(network: Network, batch: Sequence[Image]) -> float:
    started = time.perf_counter()
    network.probabilities(batch)
    return time.perf_counter() - started


if __name__ == "__main__":
    main(sys.argv[1:])
