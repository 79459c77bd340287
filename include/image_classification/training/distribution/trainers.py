"""Gluon trainers over MXNet's parameter server.

Gluon's own trainer has two race conditions in MXNet 1.9.1. A worker may push its first gradient
before it has pulled its first weights, and then starts from a sum of gradients. An array in one of
oneDNN's layouts, such as a convolution's weights, is sent as a copy that MXNet does not wait for,
so that the next pull may overtake it. These trainers wait for the first pull, and send flat arrays,
for which oneDNN has one layout.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from include.image_classification.mxnet_import import mx
from include.image_classification.training.distribution.rates import RecordedSchedule


class SyncTrainer(mx.gluon.Trainer):  # type: ignore[misc]
    """Trainer for dist_sync: the servers sum all hosts' gradients, and all hosts update alike.

    `step` takes the number of this host's rows. An update equals that of a single host with the
    rows of all hosts in one batch. All hosts start from the parameters of the same host.
    """

    def __init__(self, parameters: Any, optimizer: str, options: Any, store: Any) -> None:
        super().__init__(parameters, optimizer, options, kvstore=None)
        self._store = store
        self._trained = [p for p in self._params if p.grad_req != "null"]
        initial = _concatenate(parameter.data() for parameter in self._trained)
        store.init(0, initial)
        store.pull(0, out=initial)
        mx.nd.waitall()
        for parameter, part in self._split(initial):
            parameter.set_data(part)

    def step(self, batch_size: int, ignore_stale_grad: bool = False) -> None:
        """Sum the gradients over the hosts and update the parameters."""
        gradients = _concatenate(parameter.grad() for parameter in self._trained)
        self._store.push(0, gradients)
        self._store.pull(0, out=gradients)
        for parameter, part in self._split(gradients):
            parameter.grad()[:] = part
        super().step(batch_size * self._store.num_workers, ignore_stale_grad)

    def _split(self, flat: Any) -> Iterable[tuple[Any, Any]]:
        ends = np.cumsum([int(np.prod(parameter.shape)) for parameter in self._trained])
        for parameter, start, end in zip(self._trained, [0, *ends], ends, strict=False):
            yield parameter, flat[int(start) : int(end)].reshape(parameter.shape)


class AsyncTrainer(mx.gluon.Trainer):  # type: ignore[misc]
    """Trainer for dist_async: the servers update the parameters with each gradient on arrival.

    The optimizer runs on the servers, so its learning rate cannot be set here: `rates` has the rate
    of each step of one host. A training that resumes starts with a new optimizer state.
    """

    def __init__(
        self, parameters: Any, optimizer: str, options: Any, store: Any, rates: Sequence[float]
    ) -> None:
        others = {name: value for name, value in options.items() if name != "learning_rate"}
        schedule = RecordedSchedule(rates, store.num_workers)
        super().__init__(parameters, optimizer, {**others, "lr_scheduler": schedule}, kvstore=None)
        self._store, self._initialized = store, False
        self._trained = [(i, p) for i, p in enumerate(self._params) if p.grad_req != "null"]

    def skip(self, steps: int) -> None:
        """Start with the rate after this number of steps. Call it before the first step."""
        self._optimizer.lr_scheduler.skip(steps)

    def set_learning_rate(self, lr: float) -> None:
        """Do nothing: the servers follow `rates`."""

    def step(self, batch_size: int, ignore_stale_grad: bool = False) -> None:
        """Push the gradients and pull the servers' current parameters."""
        if not self._initialized:
            self._initialize_servers(batch_size)
        for index, parameter in self._trained:
            flat = _flat(parameter.grad())
            self._store.push(index, flat)
            self._store.pull(index, out=flat)
            parameter.set_data(flat.reshape(parameter.shape))

    def pull(self) -> None:
        """Pull the servers' current parameters."""
        for index, parameter in self._trained if self._initialized else []:
            flat = _flat(parameter.data())
            self._store.pull(index, out=flat)
            parameter.set_data(flat.reshape(parameter.shape))

    def _initialize_servers(self, rows: int) -> None:
        """Send the optimizer, which MXNet pickles without parameters, and the initial weights."""
        self._initialized = True
        self._optimizer.rescale_grad = 1 / rows
        self._optimizer.set_lr_mult({index: p.lr_mult for index, p in self._trained})
        self._optimizer.set_wd_mult({index: p.wd_mult for index, p in self._trained})
        self._store.set_optimizer(self._optimizer)
        for index, parameter in self._trained:
            self._store.init(index, _flat(parameter.data()))
        self.pull()
        mx.nd.waitall()


def _flat(array: Any) -> Any:
    return mx.nd.reshape(array, shape=(-1,))


def _concatenate(arrays: Iterable[Any]) -> Any:
    return mx.nd.concat(*map(_flat, arrays), dim=0)
