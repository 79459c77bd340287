"""Normalization of raw pixels as the first layer of a network."""

from typing import Any

from include.image_classification.mxnet_import import mx


class RawPixels(mx.gluon.HybridBlock):  # type: ignore[misc]
    """A network that normalizes its input: 0..255, RGB or grayscale, NCHW.

    Training and serving therefore cannot normalize differently.

    Args:
        network: The network for normalized pixels.
        mean: The mean of each channel, which is subtracted.
        spread: The number for each channel by which the difference is divided.
    """

    def __init__(self, network: Any, mean: tuple[float, ...], spread: tuple[float, ...]) -> None:
        super().__init__(prefix="")
        with self.name_scope():
            self.network = network
            self.mean = self.params.get_constant("pixel_mean", _column(mean))
            # The name is in the models and checkpoints of earlier versions.
            self.spread = self.params.get_constant("pixel_spread", _column(spread))

    def hybrid_forward(self, F: Any, x: Any, mean: Any, spread: Any) -> Any:
        """Return the logits."""
        return self.network(F.broadcast_div(F.broadcast_sub(x, mean), spread))


def _column(values: tuple[float, ...]) -> Any:
    return mx.nd.array(values).reshape((1, -1, 1, 1))
