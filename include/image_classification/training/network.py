"""The networks: ResNets that take raw pixels, by their number of layers."""

from typing import Any

from include.image_classification.training.mxnet_import import mx

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


def make_network(layers: int, classes: int, shape: tuple[int, int, int]) -> Any:
    """Return an initialised ResNet: torchvision's family for 18, 34, 50, 101, 152 and 200 layers.

    20, 32, 44, 56 and 110 are the small ones for thumbnails: three stages of 16 to 64 channels.
    """
    resnet = mx.gluon.model_zoo.vision.resnet
    if layers in PHOTO_STAGES:
        wide = layers >= 50
        block = resnet.BottleneckV1 if wide else resnet.BasicBlockV1
        channels = [64, 256, 512, 1024, 2048] if wide else [64, 64, 128, 256, 512]
        stages, thumbnail = list(PHOTO_STAGES[layers]), min(shape[1:]) <= SMALL_SIDE
    else:
        block, channels, thumbnail = resnet.BasicBlockV1, [16, 16, 32, 64], True
        stages = [(layers - 2) // 6] * 3
    network = resnet.ResNetV1(
        block, stages, channels, classes=classes, thumbnail=thumbnail, prefix="resnet_"
    )
    whole = RawPixels(network, shape[0])
    # By the outputs' number, as convolutions are, a few classes would start with huge logits.
    network.output.weight.init = mx.init.Normal(0.01)
    whole.initialize(mx.init.Xavier(rnd_type="gaussian", factor_type="out", magnitude=2))
    whole(mx.nd.zeros((1, *shape)))  # settles the shapes that Gluon leaves open
    whole.hybridize(static_alloc=True, static_shape=True)
    return whole
