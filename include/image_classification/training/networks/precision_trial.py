"""A few training steps in one precision: prints images per second.

Run as `python -m <this module> <dtype> <network> <layers> <batch> <channels> <height> <width>`.
"""

import statistics
import sys
import time

from include.image_classification.mxnet_import import mx
from include.image_classification.training.networks.bfloat16 import in_bfloat16
from include.image_classification.training.networks.network import make_network

WARM_UP, MEASURED = 2, 5
CLASSES = 10


def speed(dtype: str, family: str, layers: int, batch: int, shape: tuple[int, int, int]) -> float:
    """Return the images per second of training steps on noise."""
    network = make_network(layers, CLASSES, shape, family)
    trainer = mx.gluon.Trainer(network.collect_params(), "sgd", kvstore=None)
    if dtype == "bfloat16":
        network = in_bfloat16(network)
    loss = mx.gluon.loss.SoftmaxCrossEntropyLoss()
    images = mx.nd.random.uniform(0, 255, shape=(batch, *shape))
    labels = mx.nd.zeros((batch,))
    taken = []
    for _ in range(WARM_UP + MEASURED):
        started = time.perf_counter()
        with mx.autograd.record():
            value = loss(network(images).astype("float32"), labels)
        value.backward()
        trainer.step(batch)
        mx.nd.waitall()
        taken.append(time.perf_counter() - started)
    # One step may be disturbed by whatever else the machine does; most of them say how it is here.
    return batch / statistics.median(taken[WARM_UP:])


def main(arguments: list[str]) -> None:
    """Print the speed that the arguments ask for."""
    dtype, family, *sizes = arguments
    layers, batch, channels, height, width = map(int, sizes)
    print(speed(dtype, family, layers, batch, (channels, height, width)))


if __name__ == "__main__":
    main(sys.argv[1:])
