"""Description of the machine on which benchmarks run."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

Machine = Mapping[str, str | int | float]
"""Cores, memory and versions of software, by name."""


def machine() -> Machine:
    """Return a description of this machine."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        **{
            name: version(name)
            for name in ("mxnet", "numpy", "opencv-python-headless", "simplejpeg")
        },
    }


def processor() -> str:
    """Return the name of this machine's processor."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or "unknown")
