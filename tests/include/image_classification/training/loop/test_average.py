"""The exponential moving average of the weights."""

import numpy as np
import pytest

from include.image_classification.mxnet_import import mx
from include.image_classification.training.loop.average import WeightAverage


def make_layer() -> object:
    layer = mx.gluon.nn.Dense(1, in_units=1, use_bias=False, prefix="layer_")
    layer.initialize(mx.init.Constant(1.0))
    return layer


def set_weight(layer: object, value: float) -> None:
    layer.weight.set_data(mx.nd.array([[value]]))  # type: ignore[attr-defined]


def test_the_average_follows_the_weights_and_counts_the_first_ones_less() -> None:
    layer, expected = make_layer(), 1.0
    average = WeightAverage(layer, 0.5, first_epoch=0, batches=10)
    for step, value in enumerate([3.0, 5.0, -2.0, 4.0] * 5):
        set_weight(layer, value)
        average.add()
        decay = min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * value
        assert average.read()["layer_weight"] == pytest.approx(expected, rel=1e-6)


def test_a_restored_average_continues_with_the_same_decay() -> None:
    layer = make_layer()
    whole = WeightAverage(layer, 0.9, first_epoch=1, batches=2)
    for value in (2.0, 3.0, 4.0, 5.0):
        set_weight(layer, value)
        whole.add()
    resumed = WeightAverage(layer, 0.9, first_epoch=1, batches=2)
    resumed.restore(whole.read(), epochs=3)
    set_weight(layer, 7.0)
    for average in (whole, resumed):
        average.add()
    assert np.array_equal(whole.read()["layer_weight"], resumed.read()["layer_weight"])


def test_of_several_devices_the_mean_of_the_statistics_is_averaged() -> None:
    network, devices = mx.gluon.nn.BatchNorm(in_channels=1, prefix="norm_"), [mx.cpu(0), mx.cpu(1)]
    network.initialize(ctx=devices)
    average = WeightAverage(network, 0.0, first_epoch=0, batches=1)
    for device, value in zip(devices, (1.0, 5.0), strict=True):
        network.running_mean.data(device)[:] = value
    average.add()
    assert average.read()["norm_running_mean"] == pytest.approx(3.0)


def test_batchnorms_statistics_are_averaged_and_frozen_weights_are_not() -> None:
    network = mx.gluon.nn.BatchNorm(in_channels=1, prefix="norm_")
    network.initialize()
    network.gamma.grad_req = "null"
    names = set(WeightAverage(network, 0.9, first_epoch=0, batches=1).read())
    assert names == {"norm_beta", "norm_running_mean", "norm_running_var"}
