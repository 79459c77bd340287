"""A few training steps in one precision: prints images per second.

Run as `python -m <this module> <dtype> <layers> <batch> <channels> <height> <width>`.
"""

import sys
import time

from include.image_classification.training.mxnet_import import mx
from include.image_classification.training.network import make_network
from include.image_classification.training.precision import use_bfloat16

WARM_UP, MEASURED = 2, 4
CLASSES = 10


def speed(dtype: str, layers: int, batch: int, shape: tuple[int, int, int]) -> float:
    """Return the images per second of training steps on noise."""
    if dtype == "bfloat16":
        use_bfloat16()
    network = make_network(layers, CLASSES, shape)
    trainer = mx.gluon.Trainer(network.collect_params(), "sgd", kvstore=None)
    loss = mx.gluon.loss.SoftmaxCrossEntropyLoss()
    images = mx.nd.random.uniform(0, 255, shape=(batch, *shape))
    labels = mx.nd.zeros((batch,))
    for step in range(WARM_UP + MEASURED):
        if step == WARM_UP:
            started = time.perf_counter()
        with mx.autograd.record():
            value = loss(network(images).astype("float32"), labels)
        value.backward()
        trainer.step(batch)
        mx.nd.waitall()
    return MEASURED * batch / (time.perf_counter() - started)


def main(arguments: list[str]) -> None:
    """Print the speed that the arguments ask for."""
    layers, batch, channels, height, width = map(int, arguments[1:])
    print(speed(arguments[0], layers, batch, (channels, height, width)))


if __name__ == "__main__":
    main(sys.argv[1:])
