"""What a training does together with other hosts; `Alone` is the same for one host."""

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from include.image_classification.container import ProgramError
from include.image_classification.mxnet_import import mx
from include.image_classification.training.distribution.environment import worker_of
from include.image_classification.training.distribution.exchange import HostLost, Sums
from include.image_classification.training.distribution.share import WHOLE, Share

Rates = Callable[[], Sequence[float]]
"""Tells the learning rate of every step of one host."""


class Group(Protocol):
    """The hosts of one training. Every host calls the same methods in the same order."""

    size: int
    """How many hosts there are."""

    @property
    def is_first(self) -> bool:
        """Whether this host tells the metrics and leaves the model."""

    def share(self, records: int, batch: int, *, own: bool) -> Share:
        """This host's part of a channel; `own` where the channel holds only this host's records."""

    def trainer(
        self, parameters: Any, optimizer: str, choices: Mapping[str, Any], rates: Rates
    ) -> Any:
        """A Gluon trainer whose `step` takes the number of this host's rows."""

    def begin(self, trainer: Any, epochs: int, batches: int) -> None:
        """Before the first step of a training of which so many epochs are done already."""

    def stops(self, stop: threading.Event) -> bool:
        """Whether to stop before the next batch."""

    def stops_all(self, cut: bool) -> bool:
        """Whether what all hosts were at counts not, since it was cut short on one of them."""

    def settle(self, network: Any, trainer: Any) -> None:
        """Make all hosts' networks the same, BatchNorm's statistics included: their means."""

    def mean(self, named: Mapping[str, float], rows: int) -> dict[str, float]:
        """The means over all hosts' rows of figures that are means over this host's rows."""

    def first_says(self, answer: bool) -> bool:
        """What the first host answers."""

    def part(self) -> None:
        """Wait, after the last step, until no host has anything more to ask of the others."""


class Alone:
    """One host."""

    size, is_first = 1, True

    def share(self, records: int, batch: int, *, own: bool) -> Share:
        """All of it."""
        return WHOLE

    def trainer(
        self, parameters: Any, optimizer: str, choices: Mapping[str, Any], rates: Rates
    ) -> Any:
        """Gluon's own."""
        return mx.gluon.Trainer(parameters, optimizer, dict(choices), kvstore=None)

    def begin(self, trainer: Any, epochs: int, batches: int) -> None:
        """Do nothing."""

    def stops(self, stop: threading.Event) -> bool:
        """Whether it was told to."""
        return stop.is_set()

    def stops_all(self, cut: bool) -> bool:
        """Whether it was cut short here."""
        return cut

    def settle(self, network: Any, trainer: Any) -> None:
        """Do nothing."""

    def mean(self, named: Mapping[str, float], rows: int) -> dict[str, float]:
        """The figures as they are."""
        return dict(named)

    def first_says(self, answer: bool) -> bool:
        """The answer itself."""
        return answer

    def part(self) -> None:
        """Do nothing."""


class Together:
    """Several hosts, this one a worker of MXNet's parameter server.

    Args:
        kind: `dist_sync` or `dist_async`.
        rank: This host's place.
        size: How many hosts there are.
        sums: This worker's end of the exchange.
    """

    def __init__(self, kind: str, rank: int, size: int, sums: Sums) -> None:
        self.size, self._kind, self._rank, self._sums = size, kind, rank, sums
        self._store = mx.kv.create(kind)

    @property
    def is_first(self) -> bool:
        """Whether this is the first host."""
        return self._rank == 0

    def share(self, records: int, batch: int, *, own: bool) -> Share:
        """A part of the records, or all of them where they are this host's own."""
        if not own:
            return Share(self._rank, self.size)
        each = self._gathered("batches", records // batch)
        return Share(batches=int(each.min()))

    def trainer(
        self, parameters: Any, optimizer: str, choices: Mapping[str, Any], rates: Rates
    ) -> Any:
        """One whose steps are those of all hosts together."""
        from include.image_classification.training.distribution import trainers

        if self._kind == "dist_async":
            return trainers.AsynchronousTrainer(
                parameters, optimizer, choices, self._store, rates()
            )
        return trainers.SynchronousTrainer(parameters, optimizer, choices, self._store)

    def begin(self, trainer: Any, epochs: int, batches: int) -> None:
        """Check that all hosts go on from the same point.

        Raises:
            ProgramError: Their checkpoints differ.
        """
        each = self._gathered("epochs", epochs)
        if len(set(each)) > 1:
            told = ", ".join(f"{count:.0f}" for count in each)
            raise ProgramError(
                f"the hosts' checkpoints are of different epochs ({told}): give every host the "
                "first host's, or none"
            )
        if self._kind == "dist_async":
            trainer.skip(epochs * batches)

    def stops(self, stop: threading.Event) -> bool:
        """With dist_sync all hosts or none: the others would wait for this one's gradients."""
        told = stop.is_set()
        return told if self._kind == "dist_async" else self.stops_all(told)

    def stops_all(self, cut: bool) -> bool:
        """Whether any host says so."""
        return bool(self._sums.total("stop", [cut])[0])

    def settle(self, network: Any, trainer: Any) -> None:
        """Average the statistics; with dist_async take the servers' parameters, too."""
        if self._kind == "dist_async":
            mx.nd.waitall()
            self._sums.total("end of epoch", [])  # no gradient comes after this
            trainer.pull()
        states = [p for p in network.collect_params().values() if _is_statistic(p)]
        flat = [parameter.data().asnumpy().ravel() for parameter in states]
        mean = self._sums.total("statistics", np.concatenate([*flat, []])) / self.size
        for parameter in states:
            size = int(np.prod(parameter.shape))
            parameter.set_data(mx.nd.array(mean[:size].reshape(parameter.shape)))
            mean = mean[size:]

    def mean(self, named: Mapping[str, float], rows: int) -> dict[str, float]:
        """Weighted by the rows of each host."""
        what = " ".join(["means of", *named])
        *sums, count = self._sums.total(what, [*(v * rows for v in named.values()), rows])
        return {name: float(value / max(count, 1)) for name, value in zip(named, sums, strict=True)}

    def first_says(self, answer: bool) -> bool:
        """What the first host answers; the others' answers count for nothing."""
        return bool(self._sums.total("answer", [answer and self.is_first])[0])

    def part(self) -> None:
        """Wait for this host's last exchange of gradients, and for the others'.

        On its way out MXNet drops what is still to be sent, and another host would wait for it.
        """
        mx.nd.waitall()
        self._sums.total("end of training", [])

    def _gathered(self, what: str, value: float) -> Any:
        places = np.zeros(self.size)
        places[self._rank] = value
        return self._sums.total(what, places)


def join(kind: str | None) -> Group:
    """The group of this process: alone, unless a supervisor started it as a worker.

    Raises:
        HostLost: The first host is gone.
    """
    told = worker_of(os.environ)
    if told is None:
        return Alone()
    try:
        sums = Sums(told.address, told.port, told.key, told.rank)
    except (EOFError, OSError) as error:
        raise HostLost(f"connecting to {told.address}:{told.port}") from error
    return Together(kind or "dist_sync", told.rank, told.size, sums)


def _is_statistic(parameter: Any) -> bool:
    name = str(parameter.name)
    return name.endswith(("running_mean", "running_var", "moving_mean", "moving_var"))
