"""Gluon trainers over MXNet's parameter server.

Gluon's own use of it goes wrong in MXNet 1.9.1. Nothing keeps a worker's first gradient behind the
pull of its first weights, so that now and then a worker starts from a sum of gradients. And what
oneDNN keeps in a layout of its own, such as a convolution's weights, is sent as a copy for which
nobody waits: the next pull may overtake it. So all that travels here is flat, in which there is
only one layout, and the first pull is waited for.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from include.image_classification.mxnet_import import mx
from include.image_classification.training.distribution.rates import Rates


class SynchronousTrainer(mx.gluon.Trainer):  # type: ignore[misc]
    """dist_sync: the servers sum all hosts' gradients, and each host makes the same step.

    `step` takes one host's number of rows: the gradient is that of all hosts' rows together, the
    learning rate counts once, as in one batch of that size. All hosts start from the parameters of
    one of them.
    """

    def __init__(self, parameters: Any, optimizer: str, choices: Any, store: Any) -> None:
        super().__init__(parameters, optimizer, choices, kvstore=None)
        self._store = store
        self._trained = [p for p in self._params if p.grad_req != "null"]
        start = _joined(parameter.data() for parameter in self._trained)
        store.init(0, start)
        store.pull(0, out=start)
        mx.nd.waitall()
        for parameter, part in self._parts(start):
            parameter.set_data(part)

    def step(self, batch_size: int, ignore_stale_grad: bool = False) -> None:
        """Sum the gradients over the hosts and update the parameters."""
        gradients = _joined(parameter.grad() for parameter in self._trained)
        self._store.push(0, gradients)
        self._store.pull(0, out=gradients)
        for parameter, part in self._parts(gradients):
            parameter.grad()[:] = part
        super().step(batch_size * self._store.num_workers, ignore_stale_grad)

    def _parts(self, joined: Any) -> Iterable[tuple[Any, Any]]:
        ends = np.cumsum([int(np.prod(parameter.shape)) for parameter in self._trained])
        for parameter, start, end in zip(self._trained, [0, *ends], ends, strict=False):
            yield parameter, joined[int(start) : int(end)].reshape(parameter.shape)


class AsynchronousTrainer(mx.gluon.Trainer):  # type: ignore[misc]
    """dist_async: the servers make a step for each host's gradient as it comes; none waits.

    The learning rate cannot be set from here: `rates` has that of each step of one host. The
    optimizer's state stays on the servers, and begins anew where a training goes on.
    """

    def __init__(
        self, parameters: Any, optimizer: str, choices: Any, store: Any, rates: Sequence[float]
    ) -> None:
        others = {name: value for name, value in choices.items() if name != "learning_rate"}
        schedule = Rates(rates, store.num_workers)
        super().__init__(parameters, optimizer, {**others, "lr_scheduler": schedule}, kvstore=None)
        self._store, self._begun = store, False
        self._trained = [(i, p) for i, p in enumerate(self._params) if p.grad_req != "null"]

    def skip(self, steps: int) -> None:
        """Begin with the rate after so many steps; called before the first one."""
        self._optimizer.lr_scheduler.skip(steps)

    def set_learning_rate(self, lr: float) -> None:
        """Do nothing: the servers follow `rates`."""

    def step(self, batch_size: int, ignore_stale_grad: bool = False) -> None:
        """Hand the gradients over and take the parameters that there are then."""
        if not self._begun:
            self._hand_over(batch_size)
        for index, parameter in self._trained:
            flat = _flat(parameter.grad())
            self._store.push(index, flat)
            self._store.pull(index, out=flat)
            parameter.set_data(flat.reshape(parameter.shape))

    def pull(self) -> None:
        """Take the parameters as the servers have them now."""
        for index, parameter in self._trained if self._begun else []:
            flat = _flat(parameter.data())
            self._store.pull(index, out=flat)
            parameter.set_data(flat.reshape(parameter.shape))

    def _hand_over(self, rows: int) -> None:
        """Give the servers the optimizer, which leaves the parameters behind, and the start."""
        self._begun = True
        self._optimizer.rescale_grad = 1 / rows
        self._optimizer.set_wd_mult({index: p.wd_mult for index, p in self._trained})
        self._store.set_optimizer(self._optimizer)
        for index, parameter in self._trained:
            self._store.init(index, _flat(parameter.data()))
        self.pull()
        mx.nd.waitall()


def _flat(array: Any) -> Any:
    return mx.nd.reshape(array, shape=(-1,))


def _joined(arrays: Iterable[Any]) -> Any:
    return mx.nd.concat(*map(_flat, arrays), dim=0)
