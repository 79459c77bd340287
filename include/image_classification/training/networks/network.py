"""The networks: ResNets that take raw pixels, by their number of layers."""

from typing import Any

from include.image_classification.mxnet_import import mx
from include.image_classification.training.networks.bottleneck import Bottleneck
from include.image_classification.training.networks.preactivation import Plan, preactivation_network

PHOTO_STAGES = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
    200: (3, 24, 36, 3),
}
SMALL_SIDE = 32
"""Up to this many pixels the stem keeps the resolution: there is none to give away."""

MEAN = (123.675, 116.28, 103.53)
SPREAD = (58.395, 57.12, 57.375)


class RawPixels(mx.gluon.HybridBlock):  # type: ignore[misc]
    """A network that normalises its input itself: 0..255, RGB or grey, NCHW.

    So whoever serves the model cannot normalise differently from who trained it.
    """

    def __init__(self, network: Any, channels: int) -> None:
        super().__init__(prefix="")
        mean, spread = (MEAN, SPREAD) if channels == 3 else ((118.0,), (58.0,))
        with self.name_scope():
            self.network = network
            self.mean = self.params.get_constant("pixel_mean", _column(mean))
            self.spread = self.params.get_constant("pixel_spread", _column(spread))

    def hybrid_forward(self, F: Any, x: Any, mean: Any, spread: Any) -> Any:
        """Return the logits."""
        return self.network(F.broadcast_div(F.broadcast_sub(x, mean), spread))


def _column(values: tuple[float, ...]) -> Any:
    return mx.nd.array(values).reshape((1, -1, 1, 1))


def make_network(
    layers: int, classes: int, shape: tuple[int, int, int], family: str = "torchvision"
) -> Any:
    """Return an initialised ResNet that answers logits for raw pixels.

    18, 34, 50, 101, 152 and 200 layers are for photos; 20, 32, 44, 56 and 110 for thumbnails: three
    stages of 16 to 64 channels. `family` is `torchvision`, where activation follows the
    convolutions and published ImageNet weights fit, or `mxnet`, where it precedes them and the
    names are those of MXNet's example.
    """
    plan = _plan(layers, shape)
    network = (
        preactivation_network(plan, classes)
        if family == "mxnet"
        else _torchvision(plan, classes, shape[0])
    )
    network.initialize(mx.init.Xavier(rnd_type="gaussian", factor_type="out", magnitude=2))
    network(mx.nd.zeros((1, *shape)))  # settles the shapes that Gluon leaves open
    network.hybridize(static_alloc=True, static_shape=True)
    return network


def _plan(layers: int, shape: tuple[int, int, int]) -> Plan:
    if layers not in PHOTO_STAGES:
        return Plan([(layers - 2) // 6] * 3, [16, 16, 32, 64], wide=False, small=True)
    wide = layers >= 50
    filters = [64, 256, 512, 1024, 2048] if wide else [64, 64, 128, 256, 512]
    return Plan(PHOTO_STAGES[layers], filters, wide, small=min(shape[1:]) <= SMALL_SIDE)


def _torchvision(plan: Plan, classes: int, channels: int) -> Any:
    resnet = mx.gluon.model_zoo.vision.resnet
    block = Bottleneck if plan.wide else resnet.BasicBlockV1
    network = resnet.ResNetV1(
        block, list(plan.units), list(plan.filters), classes=classes, thumbnail=plan.small,
        prefix="resnet_",
    )  # fmt: skip
    # By the outputs' number, as convolutions are, a few classes would start with huge logits.
    network.output.weight.init = mx.init.Normal(0.01)
    return RawPixels(network, channels)
