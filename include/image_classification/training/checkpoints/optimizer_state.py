"""State of a Gluon trainer's optimizer as NumPy arrays."""

from typing import Any

import numpy as np

from include.image_classification.training.checkpoints.checkpoint_file import Arrays


def read_state(trainer: Any) -> Arrays:
    """Return the optimizer's moments and update counts by parameter index.

    There are none before the first step.
    """
    states = trainer._updaters[0].states
    arrays = {
        f"{index}/{part}": array.asnumpy()
        for index, state in states.items()
        for part, array in enumerate(_parts(state))
    }
    counts = trainer.optimizer._index_update_count
    arrays["counts"] = np.array(sorted(counts.items()), np.int64).reshape(-1, 2)
    return arrays


def write_state(trainer: Any, arrays: Arrays) -> None:
    """Restore arrays from `read_state` into a trainer of the same network and optimizer."""
    optimizer = trainer.optimizer
    counts = {int(index): int(count) for index, count in arrays["counts"]}
    optimizer.num_update = max(counts.values(), default=optimizer.begin_num_update)
    for device, updater in zip(trainer._contexts, trainer._updaters, strict=True):
        optimizer._set_current_context(device.device_id)
        optimizer._index_update_count.update(counts)
        for index in counts:
            weight = trainer._params[index].data(device)
            state = optimizer.create_state_multi_precision(index, weight)
            for part, array in enumerate(_parts(state)):
                array[:] = arrays[f"{index}/{part}"]
            updater.states[index], updater.states_synced[index] = state, True


def _parts(state: Any) -> list[Any]:
    """Return the arrays of a state: None, an array, or a tuple of states."""
    if state is None:
        return []
    if isinstance(state, tuple | list):
        return [array for part in state for array in _parts(part)]
    return [state]
