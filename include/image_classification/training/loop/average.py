"""Exponential moving average of a network's weights."""

from typing import Any

from numpy.typing import NDArray

from include.image_classification.mxnet_import import mx
from include.image_classification.training.networks.devices import is_statistic
from include.image_classification.training.networks.parameters import Arrays


class WeightAverage:
    """The average of the parameters that steps change, BatchNorm's statistics among them.

    A step replaces the average a by d * a + (1 - d) * w. d is `decay`, but in the first steps
    (1 + n) / (10 + n) after n steps, so that the initial weights are soon forgotten, as in
    TensorFlow's `ExponentialMovingAverage`.

    Args:
        network: The network whose parameters are averaged.
        decay: From 0 to 1, exclusive.
        first_epoch: The first epoch of the training that is averaged.
        batches: The number of steps of an epoch.
    """

    def __init__(self, network: Any, decay: float, first_epoch: int, batches: int) -> None:
        self._decay, self._first_epoch, self._batches = decay, first_epoch, batches
        self._steps = 0
        self._parameters = {
            name: parameter
            for name, parameter in network.collect_params().items()
            if parameter.grad_req != "null" or is_statistic(parameter)
        }
        self._averages: dict[str, Any] = {
            name: value.data().copy() for name, value in self._parameters.items()
        }

    def add(self) -> None:
        """Add the weights after a step."""
        # The backward pass writes BatchNorm's statistics, and MXNet does not wait for it on a read.
        mx.nd.waitall()
        decay = min(self._decay, (1 + self._steps) / (10 + self._steps))
        self._steps += 1
        for name, average in self._averages.items():
            average += (1 - decay) * (_value(self._parameters[name]) - average)

    def read(self) -> dict[str, NDArray[Any]]:
        """Return copies of the averages by the parameters' names."""
        return {name: average.asnumpy() for name, average in self._averages.items()}

    def restore(self, averages: Arrays, epochs: int) -> None:
        """Continue from the averages after this number of epochs of the training."""
        self._steps = (epochs - self._first_epoch) * self._batches
        for name, average in self._averages.items():
            average[:] = mx.nd.array(averages[name])


def _value(parameter: Any) -> Any:
    """Return a parameter's value; of BatchNorm's statistics, the mean of all devices."""
    values = parameter.list_data() if is_statistic(parameter) else [parameter.data()]
    if len(values) == 1:
        return values[0]
    return sum(value.as_in_context(values[0].context) for value in values) / len(values)
