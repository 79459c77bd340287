"""The parts of a batch that devices compute, and the statistics that each has of its part."""

from collections.abc import Iterator, Sequence
from typing import Any

from include.image_classification.mxnet_import import mx
from include.image_classification.processor_devices import rows_of_devices

STATISTICS = ("running_mean", "running_var", "moving_mean", "moving_var")
"""The endings of the names of BatchNorm's statistics."""


def parts(rows: int, devices: Sequence[Any]) -> Iterator[tuple[Any, slice]]:
    """Yield each device and its rows of a batch; a device without a row is left out."""
    for device, chosen in zip(devices, rows_of_devices(rows, len(devices)), strict=True):
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
