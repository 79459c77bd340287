"""One line for each epoch of a training, from the log lines of the built-in algorithm.

The algorithm writes several lines for an epoch, as ``Epoch[2] Train-accuracy=0.513``, ``Epoch[2]
Time cost=41.9`` and ``Epoch[2] Validation-accuracy=0.420``, and between them ``Epoch[2] Batch [20]
Speed: 176.2 samples/sec``. A custom image may add ``Epoch[2] Images per second=175.8``.
"""

import re
from dataclasses import dataclass, field
from statistics import fmean

from sagemaker_jobs.jobs.durations import format_duration

_VALUE = re.compile(r"Epoch\[(\d+)\] (?!Batch)([^=]+)=([-+.\w]+)")
_SPEED = re.compile(r"Epoch\[(\d+)\] Batch \[\d+\].*?Speed: ([0-9.]+)")
_TRAINING, _VALIDATION = "Train-", "Validation-"


@dataclass
class _Epoch:
    number: int
    values: dict[str, float] = field(default_factory=dict)
    speeds: list[float] = field(default_factory=list)

    @property
    def metric(self) -> str:
        """The metric to show: the accuracy, or the first metric of a training without it."""
        names = [name.removeprefix(_TRAINING) for name in self.values if name.startswith(_TRAINING)]
        return "accuracy" if "accuracy" in names or not names else names[0]

    @property
    def is_complete(self) -> bool:
        return f"{_VALIDATION}{self.metric}" in self.values

    def describe(self, epochs: int | None) -> str:
        parts = [
            f"{label} {self.metric.replace('_', ' ')} {self.values[prefix + self.metric]:.3f}"
            for label, prefix in (("training", _TRAINING), ("validation", _VALIDATION))
            if prefix + self.metric in self.values
        ]
        speed = self.values.get("Images per second") or (fmean(self.speeds) if self.speeds else 0)
        if speed:
            parts.append(f"{speed:.0f} images per second")
        if "Time cost" in self.values:
            parts.append(format_duration(self.values["Time cost"]))
        position = f"epoch {self.number + 1}" + (f" of {epochs}" if epochs else "")
        return f"{position}: {', '.join(parts)}"


class EpochSummaries:
    """Turns the lines of a training's log into one line for each epoch.

    Attributes:
        epochs: The number of epochs of the training, once it is known.
    """

    def __init__(self) -> None:
        self.epochs: int | None = None
        self._pending: dict[int, _Epoch] = {}
        self._reported: set[int] = set()

    def read(self, line: str) -> list[str] | None:
        """Return the summaries of the epochs that a line completes, or None for any other line.

        The validation metric completes an epoch. A training without validation completes an epoch
        with the first line of the next one.
        """
        if match := _SPEED.search(line):
            self._epoch(int(match[1])).speeds.append(float(match[2]))
            return []
        if not (match := _VALUE.search(line)):
            return None
        number, name, value = int(match[1]), match[2], _number(match[3])
        if value is None:
            return None
        summaries = self._complete(before=number)
        if number not in self._reported:
            epoch = self._epoch(number)
            epoch.values[name] = value
            summaries += self._report(epoch) if epoch.is_complete else []
        return summaries

    def finish(self) -> list[str]:
        """Return the summaries of the epochs that are left when the training has ended."""
        return self._complete(before=None)

    def _epoch(self, number: int) -> _Epoch:
        if number in self._reported:
            return _Epoch(number)  # The lines of another host, which is not shown.
        return self._pending.setdefault(number, _Epoch(number))

    def _complete(self, before: int | None) -> list[str]:
        left = [number for number in sorted(self._pending) if before is None or number < before]
        return [line for number in left for line in self._report(self._pending[number])]

    def _report(self, epoch: _Epoch) -> list[str]:
        del self._pending[epoch.number]
        if not epoch.values:
            return []
        self._reported.add(epoch.number)
        return [epoch.describe(self.epochs)]


def epochs_of(hyperparameters: dict[str, str]) -> int | None:
    """Return the number of epochs that a training job is to run, or None if it is not given.

    The hyperparameter `head_epochs`, if there is one, precedes `epochs`.
    """
    before, epochs = (_count(hyperparameters, name) for name in ("head_epochs", "epochs"))
    return epochs + (before or 0) if epochs is not None else None


def _count(hyperparameters: dict[str, str], name: str) -> int | None:
    text = str(hyperparameters.get(name, "")).strip('"')
    return int(text) if text.isdecimal() else None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
