"""The one way to MXNet: `from include.image_classification.mxnet_import import mx`.

MXNet 1.9.1 was written for numpy 1.20: it uses names that numpy has since removed. And it takes
half of the machine's processors for its threads, which on a cloud machine is half of what was
paid for; both have to be put right before its first import.
"""

import os
import warnings

import numpy as np

REMOVED_NAMES = {
    "bool": bool,
    "int": int,
    "float": float,
    "complex": complex,
    "object": object,
    "str": str,
}


def restore_numpy_names() -> None:
    """Give numpy back the aliases that it removed in 1.24, as far as they are missing."""
    for name, builtin in REMOVED_NAMES.items():
        if name not in np.__dict__:
            setattr(np, name, builtin)


def use_all_processors() -> None:
    """Let MXNet compute on every processor that this process may use.

    Waiting threads sleep instead of spinning: spinning costs a factor of ten as soon as
    something else runs on the machine. What the environment already says is respected.
    """
    os.environ.setdefault("OMP_NUM_THREADS", str(len(os.sched_getaffinity(0))))
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


restore_numpy_names()
use_all_processors()
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import mxnet as mx

__all__ = ["mx"]
