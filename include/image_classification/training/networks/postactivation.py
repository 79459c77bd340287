"""torchvision's post-activation ResNets, with its ImageNet normalization of raw pixels."""

from typing import Any

from include.image_classification.mxnet_import import mx
from include.image_classification.training.networks.bottleneck import Bottleneck
from include.image_classification.training.networks.preactivation import ResNetSpec
from include.image_classification.training.networks.raw_pixels import RawPixels

PREFIX = "resnet_"
"""The prefix of all parameter names."""

MEAN = (123.675, 116.28, 103.53)
STD = (58.395, 57.12, 57.375)


def postactivation_network(spec: ResNetSpec, classes: int, channels: int) -> Any:
    """Return the network from raw pixels to logits as a Gluon block without initialized weights."""
    resnet = mx.gluon.model_zoo.vision.resnet
    block = Bottleneck if spec.bottleneck else resnet.BasicBlockV1
    network = resnet.ResNetV1(
        block, list(spec.units), list(spec.filters), classes=classes, thumbnail=spec.small,
        prefix=PREFIX,
    )  # fmt: skip
    # Xavier scales by the number of outputs: with few classes the first logits would be large.
    network.output.weight.init = mx.init.Normal(0.01)
    mean, std = (MEAN, STD) if channels == 3 else ((118.0,), (58.0,))
    return RawPixels(network, mean, std)
