"""The learning rate of each step, for an optimizer that runs on a server."""

from collections.abc import Sequence


class Rates:
    """MXNet's learning rate scheduler: plays back one host's rates, counting all hosts' steps.

    It travels to the servers, pickled.
    """

    def __init__(self, rates: Sequence[float], workers: int) -> None:
        self._rates, self._workers = list(rates), workers
        self.base_lr = self._rates[0]  # which MXNet sets, too

    def skip(self, steps: int) -> None:
        """Begin after so many steps of one host."""
        self._rates = self._rates[steps:] or self._rates[-1:]

    def __call__(self, num_update: int) -> float:
        """The rate of the step that is counted as `num_update`, from 1."""
        step = (num_update - 1) // self._workers
        return self._rates[min(max(step, 0), len(self._rates) - 1)]
