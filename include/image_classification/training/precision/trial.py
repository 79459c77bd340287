"""Measure the speed of training steps in one precision, and print the images per second.

Run as `python -m <this module> <dtype> <network> <layers> <batch> <channels> <height> <width>`.
"""

import statistics
import sys
import time

from include.image_classification.mxnet_import import mx
from include.image_classification.training.networks.network import make_network
from include.image_classification.training.precision.bfloat16 import to_bfloat16

WARM_UP, MEASURED = 2, 5
CLASSES = 10


def measure_speed(
    dtype: str, family: str, layers: int, batch: int, shape: tuple[int, int, int]
) -> float:
    """Return the images per second of training steps on random images."""
    network = make_network(layers, CLASSES, shape, family)
    trainer = mx.gluon.Trainer(network.collect_params(), "sgd", kvstore=None)
    if dtype == "bfloat16":
        network = to_bfloat16(network)
    loss = mx.gluon.loss.SoftmaxCrossEntropyLoss()
    images = mx.nd.random.uniform(0, 255, shape=(batch, *shape))
    labels = mx.nd.zeros((batch,))
    step_seconds = []
    for _ in range(WARM_UP + MEASURED):
        started = time.perf_counter()
        with mx.autograd.record():
            value = loss(network(images).astype("float32"), labels)
        value.backward()
        trainer.step(batch)
        mx.nd.waitall()
        step_seconds.append(time.perf_counter() - started)
    # The median ignores single steps that other processes disturbed.
    return batch / statistics.median(step_seconds[WARM_UP:])


def main(arguments: list[str]) -> None:
    """Print the speed for the command line's arguments."""
    dtype, family, *sizes = arguments
    layers, batch, channels, height, width = map(int, sizes)
    print(measure_speed(dtype, family, layers, batch, (channels, height, width)))


if __name__ == "__main__":
    main(sys.argv[1:])
