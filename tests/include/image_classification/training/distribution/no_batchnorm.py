"""The command `train` with a network without BatchNorm, on a single host or one of several.

BatchNorm normalizes by the batch of one host. Only without BatchNorm, the batches of two hosts are
equivalent to one batch of twice the size.
"""

import sys
import threading
from typing import Any

from include.image_classification.mxnet_import import mx
from include.image_classification.training.distribution.cluster import read_cluster
from include.image_classification.training.distribution.supervise import supervise
from include.image_classification.training.networks import network
from include.image_classification.training.networks.postactivation import MEAN, STD
from include.image_classification.training.networks.raw_pixels import RawPixels

MODULE = "tests.include.image_classification.training.distribution.no_batchnorm"


def make_network(layers: int, classes: int, shape: tuple[int, int, int], *_: Any, **__: Any) -> Any:
    """Return two convolutions, one of them in a oneDNN layout, and a dense layer."""
    body = mx.gluon.nn.HybridSequential(prefix="plain_")
    with body.name_scope():
        body.add(
            mx.gluon.nn.Conv2D(16, 3, strides=2, activation="relu"),
            mx.gluon.nn.Conv2D(16, 3, strides=2, activation="relu"),
            mx.gluon.nn.Dense(classes),
        )
    raw_pixels = RawPixels(body, MEAN, STD)
    raw_pixels.initialize(mx.init.Xavier())
    raw_pixels(mx.nd.zeros((1, *shape)))
    raw_pixels.hybridize()
    return raw_pixels


def main() -> None:
    """Run as the supervisor, as its worker, or as a single host."""
    if "supervise" in sys.argv:
        supervise(read_cluster(), threading.Event(), (sys.executable, "-m", MODULE))
        return
    network.make_network = make_network
    from include.image_classification.__main__ import main as run_command
    from include.image_classification.training.distribution.worker import exit_process

    exit_process(run_command(["train"]))


if __name__ == "__main__":
    main()
