"""Learning rate of each step, for an optimizer that runs on the parameter servers."""

from collections.abc import Sequence


class RecordedSchedule:
    """A learning rate scheduler for MXNet that replays the rates of one host's steps.

    The servers count the steps of all hosts. MXNet pickles the scheduler to send it to them.
    """

    def __init__(self, rates: Sequence[float], workers: int) -> None:
        self._rates, self._workers = list(rates), workers
        self.base_lr = self._rates[0]  # MXNet sets this attribute, too

    def skip(self, steps: int) -> None:
        """Start after this number of steps of one host."""
        self._rates = self._rates[steps:] or self._rates[-1:]

    def __call__(self, num_update: int) -> float:
        """Return the rate of the update with this number, from 1."""
        step = (num_update - 1) // self._workers
        return self._rates[min(max(step, 0), len(self._rates) - 1)]
