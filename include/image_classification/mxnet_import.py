"""Import of MXNet: always use `from include.image_classification.mxnet_import import mx`.

MXNet 1.9.1 was written for numpy 1.20 and uses names that later versions removed. It also uses only
half of the processors for its threads, because it assumes hyper-threading. Both must be corrected
before the first import.
"""

import os
import sys
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
    """Restore the aliases that numpy 1.24 removed."""
    for name, builtin in REMOVED_NAMES.items():
        if name not in np.__dict__:
            setattr(np, name, builtin)


def use_all_processors() -> None:
    """Let MXNet use all processors available to this process.

    Waiting threads sleep instead of spinning, which slows MXNet down by a factor of ten if another
    process uses the processors. Variables that are already set are kept, but an empty
    OMP_NUM_THREADS counts as not set.
    """
    if not os.environ.get("OMP_NUM_THREADS"):
        os.environ["OMP_NUM_THREADS"] = str(len(os.sched_getaffinity(0)))
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def hide_scipy() -> None:
    """Let the import of scipy fail, so that MXNet does without it.

    It takes a third of MXNet's import, and serves what is not used here: the conversion of sparse
    arrays, and calibration by entropy.
    """
    sys.modules.setdefault("scipy", None)  # type: ignore[arg-type]


def show_scipy() -> None:
    """Let others import scipy again."""
    if "scipy" in sys.modules and sys.modules["scipy"] is None:
        del sys.modules["scipy"]


restore_numpy_names()
use_all_processors()
hide_scipy()
# MXNet would write a line to stderr for every network whose layers it fuses.
os.environ.setdefault("MXNET_SUBGRAPH_VERBOSE", "0")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import mxnet as mx
show_scipy()

__all__ = ["mx"]
