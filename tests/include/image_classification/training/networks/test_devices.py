"""Devices that compute the parts of a batch."""

import numpy as np
import pytest

from include.image_classification.mxnet_import import mx
from include.image_classification.training.networks.devices import average_statistics, parts

DEVICES = [mx.cpu(0), mx.cpu(1), mx.cpu(2)]


@pytest.mark.parametrize("rows", [1, 2, 3, 8, 32])
def test_each_row_has_one_device(rows: int) -> None:
    found = list(parts(rows, DEVICES))
    assert [row for _, part in found for row in range(part.start, part.stop)] == list(range(rows))
    assert len({device for device, _ in found}) == len(found) == min(rows, 3)


def test_all_devices_get_the_mean_of_the_statistics() -> None:
    layer = mx.gluon.nn.BatchNorm(in_channels=2)
    layer.initialize(ctx=DEVICES)
    layer.gamma.set_data(mx.nd.array([3, 4]))
    for device, value in zip(DEVICES, (1, 2, 6), strict=True):
        layer.running_mean.data(device)[:] = value
    average_statistics(layer)
    for device in DEVICES:
        assert np.array_equal(layer.running_mean.data(device).asnumpy(), [3, 3])
        assert np.array_equal(layer.gamma.data(device).asnumpy(), [3, 4])
