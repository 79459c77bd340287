"""ResNets for raw pixels, by number of layers."""

from typing import Any

from include.image_classification.mxnet_import import mx
from include.image_classification.training.networks.bottleneck import Bottleneck
from include.image_classification.training.networks.preactivation import (
    ResNetSpec,
    preactivation_network,
)

PHOTO_STAGES = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
    200: (3, 24, 36, 3),
}
SMALL_SIDE = 32
"""Up to this many pixels, the stem does not reduce the resolution."""

MEAN = (123.675, 116.28, 103.53)
STD = (58.395, 57.12, 57.375)


class RawPixels(mx.gluon.HybridBlock):  # type: ignore[misc]
    """A network that normalizes its input: 0..255, RGB or grayscale, NCHW.

    Training and serving therefore cannot normalize differently.
    """

    def __init__(self, network: Any, channels: int) -> None:
        super().__init__(prefix="")
        mean, std = (MEAN, STD) if channels == 3 else ((118.0,), (58.0,))
        with self.name_scope():
            self.network = network
            self.mean = self.params.get_constant("pixel_mean", _column(mean))
            # The name is in the models and checkpoints of earlier versions.
            self.spread = self.params.get_constant("pixel_spread", _column(std))

    def hybrid_forward(self, F: Any, x: Any, mean: Any, spread: Any) -> Any:
        """Return the logits."""
        return self.network(F.broadcast_div(F.broadcast_sub(x, mean), spread))


def _column(values: tuple[float, ...]) -> Any:
    return mx.nd.array(values).reshape((1, -1, 1, 1))


def make_network(
    layers: int, classes: int, shape: tuple[int, int, int], family: str = "torchvision"
) -> Any:
    """Return an initialized ResNet that returns logits for raw pixels.

    Args:
        layers: 18, 34, 50, 101, 152 or 200 for photos; 20, 32, 44, 56 or 110 for thumbnails, with
            three stages of 16 to 64 channels.
        classes: The number of classes.
        shape: Channels, height and width of the input.
        family: `torchvision` (post-activation; published ImageNet weights fit) or `mxnet`
            (pre-activation; the parameter names of MXNet's example).
    """
    spec = _spec(layers, shape)
    network = (
        preactivation_network(spec, classes)
        if family == "mxnet"
        else _torchvision(spec, classes, shape[0])
    )
    network.initialize(mx.init.Xavier(rnd_type="gaussian", factor_type="out", magnitude=2))
    network(mx.nd.zeros((1, *shape)))  # Gluon infers the shapes of the parameters
    network.hybridize(static_alloc=True, static_shape=True)
    return network


def _spec(layers: int, shape: tuple[int, int, int]) -> ResNetSpec:
    if layers not in PHOTO_STAGES:
        return ResNetSpec([(layers - 2) // 6] * 3, [16, 16, 32, 64], bottleneck=False, small=True)
    bottleneck = layers >= 50
    filters = [64, 256, 512, 1024, 2048] if bottleneck else [64, 64, 128, 256, 512]
    small = min(shape[1:]) <= SMALL_SIDE
    return ResNetSpec(PHOTO_STAGES[layers], filters, bottleneck, small)


def _torchvision(spec: ResNetSpec, classes: int, channels: int) -> Any:
    resnet = mx.gluon.model_zoo.vision.resnet
    block = Bottleneck if spec.bottleneck else resnet.BasicBlockV1
    network = resnet.ResNetV1(
        block, list(spec.units), list(spec.filters), classes=classes, thumbnail=spec.small,
        prefix="resnet_",
    )  # fmt: skip
    # Xavier scales by the number of outputs: with few classes the first logits would be large.
    network.output.weight.init = mx.init.Normal(0.01)
    return RawPixels(network, channels)
