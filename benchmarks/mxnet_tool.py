"""Peer of the conversion: MXNet's im2rec.py with its best number of threads."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from benchmarks.pairs import seconds

# MXNet 1.9.1 uses names that NumPy 1.24 removed: without them the tool does not start.
START = (
    "import numpy, runpy, sys; numpy.bool = bool; numpy.object = object;"
    " sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
)
THREADS_TRIED = range(1, 5)


def mxnet_im2rec(prefix: Path, root: Path, *flags: str) -> None:
    """Run MXNet's im2rec.py on <prefix>.lst.

    Raises:
        ModuleNotFoundError: MXNet is not installed.
    """
    spec = find_spec("mxnet")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("mxnet is not installed: run `make bench`, which installs it")
    tool = Path(spec.origin).parent / "tools" / "im2rec.py"
    command = [sys.executable, "-c", START, str(tool), str(prefix), str(root), *flags]
    subprocess.run(command, check=True, capture_output=True)


def best_threads(prefix: Path, root: Path, *flags: str) -> str:
    """Return the number of threads with which MXNet's im2rec.py is fastest."""
    mxnet_im2rec(prefix, root, *flags)
    durations = {}
    for threads in map(str, THREADS_TRIED):
        convert = partial(mxnet_im2rec, prefix, root, *flags, "--num-thread", threads)
        durations[threads] = seconds(convert)
    return min(durations, key=lambda threads: durations[threads])
