"""The program `train` with a network without BatchNorm, alone or on one of several hosts.

BatchNorm normalises by the batch that one host sees, so with it two hosts' batches are not one
batch of twice the size. Without it they are.
"""

import sys
import threading
from typing import Any

from include.image_classification.mxnet_import import mx
from include.image_classification.training.distribution.cluster import read_cluster
from include.image_classification.training.distribution.supervise import supervise
from include.image_classification.training.networks import network

MODULE = "tests.include.image_classification.training.distribution.plain"


def plain(layers: int, classes: int, shape: tuple[int, int, int], *_: Any, **__: Any) -> Any:
    """Two convolutions, one of them in the layout of oneDNN's own, and a layer of answers."""
    made = mx.gluon.nn.HybridSequential(prefix="plain_")
    with made.name_scope():
        made.add(
            mx.gluon.nn.Conv2D(16, 3, strides=2, activation="relu"),
            mx.gluon.nn.Conv2D(16, 3, strides=2, activation="relu"),
            mx.gluon.nn.Dense(classes),
        )
    whole = network.RawPixels(made, shape[0])
    whole.initialize(mx.init.Xavier())
    whole(mx.nd.zeros((1, *shape)))
    whole.hybridize()
    return whole


def main() -> None:
    """Train, as a supervisor where there are several hosts and this is no worker yet."""
    if "supervise" in sys.argv:
        supervise(read_cluster(), threading.Event(), (sys.executable, "-m", MODULE))
        return
    network.make_network = plain
    from include.image_classification.__main__ import main as program
    from include.image_classification.training.distribution.worker import leave

    leave(program(["train"]))


if __name__ == "__main__":
    main()
