"""Processors that compute parts of a batch at the same time.

OpenMP divides one operator at a time, of which EfficientNet-Lite0 has hundreds of small ones: on
two processors it is hardly faster than on one. A device per processor computes a part of the batch,
as in a training with several GPUs: BatchNorm takes the statistics of each part.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from include.image_classification.mxnet_import import mx

STATISTICS = ("running_mean", "running_var", "moving_mean", "moving_var")
"""The endings of the names of BatchNorm's statistics."""


def parts(rows: int, devices: Sequence[Any]) -> Iterator[tuple[Any, slice]]:
    """Yield each device and its rows of a batch; a device without a row is left out."""
    for number, device in enumerate(devices):
        chosen = slice(rows * number // len(devices), rows * (number + 1) // len(devices))
        if chosen.start < chosen.stop:
            yield device, chosen


def average_statistics(network: Any) -> None:
    """Give all devices the mean of their BatchNorm statistics."""
    for parameter in network.collect_params().values():
        if is_statistic(parameter) and len(parameter.list_ctx()) > 1:
            values = [value.asnumpy() for value in parameter.list_data()]
            parameter.set_data(mx.nd.array(sum(values) / len(values)))


def is_statistic(parameter: Any) -> bool:
    """Return whether a parameter is one of BatchNorm's statistics."""
    return str(parameter.name).endswith(STATISTICS)
