"""The process that quantises a trained model and decides whether int8 may serve.

Run as `python -m <this module> <model folder>`; on its standard input come two sequences of
batches (see `handing_over`): training images to calibrate on, validation images to judge by.
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
from include.image_classification.quantization.calibration import write_int8
from include.image_classification.quantization.handover import Images, read_batches
from include.image_classification.serving.model import checkpoint
from include.image_classification.serving.network import SIZES, Network, input_shape

_log = logging.getLogger(__name__)
BATCH = SIZES[-1]
PAIRS = 5


def main(arguments: list[str]) -> None:
    """Write int8.json into the model's folder, and beside it the int8 model where it serves."""
    log_lines.use_training_format()
    folder = Path(arguments[0])
    float32 = checkpoint(folder)
    calibration = [image for images, _ in read_batches(sys.stdin.buffer) for image in images]
    write_int8(float32, calibration, folder)
    shape = input_shape(folder)
    networks = (Network(*float32, shape), Network(folder / PREFIX, EPOCH, shape))
    right, images = count_right(networks, read_batches(sys.stdin.buffer))
    ratio = speed_ratio(networks, calibration)
    decision = decide(right, images, len(calibration), ratio)
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


def count_right(
    networks: tuple[Network, Network], batches: Iterable[tuple[Images, NDArray[np.int64]]]
) -> tuple[tuple[int, int], int]:
    """Return how many images each network recognises, and how many there are."""
    right, count = [0, 0], 0
    for images, labels in batches:
        for start in range(0, len(images), BATCH):
            some, truth = list(images[start : start + BATCH]), labels[start : start + BATCH]
            for number, network in enumerate(networks):
                right[number] += int((network.probabilities(some).argmax(axis=1) == truth).sum())
        count += len(images)
    return (right[0], right[1]), count


def speed_ratio(networks: tuple[Network, Network], images: Sequence[Image]) -> float:
    """How many times as fast as the first the second network is: the median over pairs of runs."""
    batch = [images[number % len(images)] for number in range(BATCH)]
    ratios = []
    for _ in range(1 + PAIRS):
        slow, fast = (_seconds(network, batch) for network in networks)
        ratios.append(slow / fast)
    return statistics.median(ratios[1:])


def _seconds(network: Network, batch: Sequence[Image]) -> float:
    started = time.perf_counter()
    network.probabilities(batch)
    return time.perf_counter() - started


if __name__ == "__main__":
    main(sys.argv[1:])
