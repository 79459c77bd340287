"""Operations that the hosts of a training perform together."""

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from include.image_classification.container import CommandError
from include.image_classification.mxnet_import import mx
from include.image_classification.training.distribution.environment import read_worker_config
from include.image_classification.training.distribution.exchange import (
    ExchangeClient,
    HostLostError,
)
from include.image_classification.training.distribution.share import WHOLE, Share
from include.image_classification.training.networks.devices import is_statistic

Rates = Callable[[], Sequence[float]]
"""Returns the learning rate of each step of one host."""


class Group(Protocol):
    """The hosts of one training. All hosts call the same methods in the same order."""

    size: int
    """The number of hosts."""

    @property
    def is_first(self) -> bool:
        """Whether this host logs the metrics and writes the model."""

    def share(self, records: int, batch: int, *, sharded: bool) -> Share:
        """Return this host's part of a channel.

        Args:
            records: The number of records on this host.
            batch: The batch size of one host.
            sharded: Whether the channel contains only this host's records (ShardedByS3Key).
        """

    def make_trainer(
        self, parameters: Any, optimizer: str, options: Mapping[str, Any], rates: Rates
    ) -> Any:
        """Return a Gluon trainer; its `step` takes the number of this host's rows."""

    def start(self, trainer: Any, epochs: int, batches: int) -> None:
        """Prepare the first step.

        Args:
            trainer: A trainer from `make_trainer`.
            epochs: The number of epochs already trained, according to the checkpoint.
            batches: The number of batches of an epoch.
        """

    def should_stop(self, stop: threading.Event) -> bool:
        """Return whether to stop before the next batch."""

    def any_interrupted(self, interrupted: bool) -> bool:
        """Return whether any host was interrupted, so that the result must be discarded."""

    def synchronize(self, network: Any, trainer: Any) -> None:
        """Give all hosts the same parameters, and the mean of their BatchNorm statistics."""

    def weighted_mean(self, metrics: Mapping[str, float], rows: int) -> dict[str, float]:
        """Return the means over the rows of all hosts, given the means over this host's rows."""

    def broadcast_first(self, value: bool) -> bool:
        """Return the first host's value."""

    def close(self) -> None:
        """Wait, after the last step, until no host needs another host any more."""


class SingleHost:
    """A group of one host."""

    size, is_first = 1, True

    def share(self, records: int, batch: int, *, sharded: bool) -> Share:
        """Return all records."""
        return WHOLE

    def make_trainer(
        self, parameters: Any, optimizer: str, options: Mapping[str, Any], rates: Rates
    ) -> Any:
        """Return Gluon's trainer, which sums the gradients of the parameters' devices."""
        devices = next((len(value.list_ctx()) for value in parameters.values()), 1)
        trainer = mx.gluon.Trainer(
            parameters,
            optimizer,
            dict(options),
            kvstore="local" if devices > 1 else None,
            update_on_kvstore=False,
        )
        if devices > 1:
            # In the first step, this would undo the step's changes of BatchNorm's statistics.
            trainer._init_kvstore()
            trainer._init_params()
        return trainer

    def start(self, trainer: Any, epochs: int, batches: int) -> None:
        """Do nothing."""

    def should_stop(self, stop: threading.Event) -> bool:
        """Return whether `stop` is set."""
        return stop.is_set()

    def any_interrupted(self, interrupted: bool) -> bool:
        """Return whether this host was interrupted."""
        return interrupted

    def synchronize(self, network: Any, trainer: Any) -> None:
        """Do nothing."""

    def weighted_mean(self, metrics: Mapping[str, float], rows: int) -> dict[str, float]:
        """Return the metrics unchanged."""
        return dict(metrics)

    def broadcast_first(self, value: bool) -> bool:
        """Return the value."""
        return value

    def close(self) -> None:
        """Do nothing."""


class MultiHost:
    """A group of several hosts, in which this host is a worker of MXNet's parameter server.

    Args:
        kind: `dist_sync` or `dist_async`.
        rank: This host's index.
        size: The number of hosts.
        exchange: This worker's connection to the exchange server.
    """

    def __init__(self, kind: str, rank: int, size: int, exchange: ExchangeClient) -> None:
        self.size, self._kind, self._rank, self._exchange = size, kind, rank, exchange
        self._store = mx.kv.create(kind)

    @property
    def is_first(self) -> bool:
        """Whether this is the first host."""
        return self._rank == 0

    def share(self, records: int, batch: int, *, sharded: bool) -> Share:
        """Return a part of the records, or all of them if the channel is sharded."""
        if not sharded:
            return Share(self._rank, self.size)
        batches = self._gather("batches", records // batch)
        return Share(batches=int(batches.min()))

    def make_trainer(
        self, parameters: Any, optimizer: str, options: Mapping[str, Any], rates: Rates
    ) -> Any:
        """Return a trainer that combines the gradients of all hosts."""
        from include.image_classification.training.distribution import trainers

        if self._kind == "dist_async":
            return trainers.AsyncTrainer(parameters, optimizer, options, self._store, rates())
        return trainers.SyncTrainer(parameters, optimizer, options, self._store)

    def start(self, trainer: Any, epochs: int, batches: int) -> None:
        """Check that all hosts resume from the same epoch.

        Raises:
            CommandError: The hosts' checkpoints are of different epochs.
        """
        host_epochs = self._gather("epochs", epochs)
        if len(set(host_epochs)) > 1:
            listed = ", ".join(f"{count:.0f}" for count in host_epochs)
            raise CommandError(
                f"the hosts' checkpoints are of different epochs ({listed}): give all hosts the "
                "checkpoints of the first host, or none"
            )
        if self._kind == "dist_async":
            trainer.skip(epochs * batches)

    def should_stop(self, stop: threading.Event) -> bool:
        """Return whether to stop. Under dist_sync all hosts stop at the same batch.

        Otherwise the other hosts would wait for this host's gradients.
        """
        is_set = stop.is_set()
        return is_set if self._kind == "dist_async" else self.any_interrupted(is_set)

    def any_interrupted(self, interrupted: bool) -> bool:
        """Return whether any host was interrupted."""
        return bool(self._exchange.sum("stop", [interrupted])[0])

    def synchronize(self, network: Any, trainer: Any) -> None:
        """Average the statistics; under dist_async also pull the servers' parameters."""
        if self._kind == "dist_async":
            mx.nd.waitall()
            self._exchange.sum("end of epoch", [])  # after this, no host sends gradients
            trainer.pull()
        statistics = [p for p in network.collect_params().values() if is_statistic(p)]
        flat = [parameter.data().asnumpy().ravel() for parameter in statistics]
        mean = self._exchange.sum("statistics", np.concatenate([*flat, []])) / self.size
        for parameter in statistics:
            size = int(np.prod(parameter.shape))
            parameter.set_data(mx.nd.array(mean[:size].reshape(parameter.shape)))
            mean = mean[size:]

    def weighted_mean(self, metrics: Mapping[str, float], rows: int) -> dict[str, float]:
        """Return the means over all hosts, weighted by their rows."""
        operation = " ".join(["means of", *metrics])
        weighted = [*(value * rows for value in metrics.values()), rows]
        *sums, count = self._exchange.sum(operation, weighted)
        means = zip(metrics, sums, strict=True)
        return {name: float(total / max(count, 1)) for name, total in means}

    def broadcast_first(self, value: bool) -> bool:
        """Return the first host's value; the values of the other hosts are ignored."""
        return bool(self._exchange.sum("answer", [value and self.is_first])[0])

    def close(self) -> None:
        """Wait until all hosts have exchanged their last gradients.

        MXNet drops unsent data when its process ends, and another host would wait for the data.
        """
        mx.nd.waitall()
        self._exchange.sum("end of training", [])

    def _gather(self, operation: str, value: float) -> Any:
        """Return the values of all hosts, by rank."""
        values = np.zeros(self.size)
        values[self._rank] = value
        return self._exchange.sum(operation, values)


def join_group(kind: str | None) -> Group:
    """Return this process's group: one host, unless a supervisor started it as a worker.

    Raises:
        HostLostError: The first host ended.
    """
    config = read_worker_config(os.environ)
    if config is None:
        return SingleHost()
    try:
        exchange = ExchangeClient(config.address, config.port, config.key, config.rank)
    except (EOFError, OSError) as error:
        raise HostLostError(f"connecting to {config.address}:{config.port}") from error
    return MultiHost(kind or "dist_sync", config.rank, config.size, exchange)
