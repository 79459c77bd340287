"""Checks of the computer: operating system, processor, memory, limits, namespaces."""

import os
import platform
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

from include.local_aws.cli.doctor.finding import Finding
from include.local_aws.processes.isolation import Isolation

_GB = 1000**3
_FLAGS = {
    "avx2": (
        "decoding and float32 computation are fast",
        "programs that need it are slow or do not start",
    ),
    "avx512_vnni": ("int8 models are fast", "int8 models are no faster than float32"),
    "avx512_bf16": ("bfloat16 training is fast", "bfloat16 is emulated: train in float32"),
    "amx_int8": ("int8 models are even faster", "int8 models are not accelerated further"),
}


def examine_host() -> Iterator[Finding]:
    """Yield the findings that do not depend on the options of a start."""
    yield _system()
    yield _namespaces()
    yield _memory()
    yield _open_files()
    yield from _processor()


def _system() -> Finding:
    python = sys.version_info[:2]
    supported = sys.platform == "linux" and (3, 11) <= python < (3, 13)
    found = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return Finding(
        "system",
        "good" if supported else "bad",
        found,
        "Linux with Python 3.11 or 3.12 is required",
    )


def _namespaces() -> Finding:
    if Isolation().private:
        meaning = "programs that use /opt/ml run unchanged, also at the same time"
        return Finding("namespaces", "good", "each job has its own /opt/ml", meaning)
    meaning = (
        "programs must read their files below SAGEMAKER_BASE_DIR; to allow namespaces, give a "
        "container CAP_SYS_ADMIN, or try kernel.unprivileged_userns_clone=1"
    )
    return Finding("namespaces", "fair", "not allowed", meaning)


def _memory() -> Finding:
    lines = Path("/proc/meminfo").read_text().splitlines()
    sizes = {
        name: int(rest.split()[0]) * 1024 for name, _, rest in (x.partition(":") for x in lines)
    }
    free, total = sizes["MemAvailable"], sizes["MemTotal"]
    low = free < 2 * _GB
    meaning = (
        "the server and SeaweedFS need about 0.5 GB; little is left for jobs"
        if low
        else "all jobs together may use three quarters of the memory (--memory)"
    )
    found = f"{free / _GB:.1f} of {total / _GB:.1f} GB available"
    return Finding("memory", "fair" if low else "good", found, meaning)


def _open_files() -> Finding:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    low = soft < 1024
    meaning = "raise it with ulimit -n 4096" if low else "enough for many clients"
    return Finding("open files", "fair" if low else "good", f"at most {soft}", meaning)


def _processor() -> Iterator[Finding]:
    count = len(os.sched_getaffinity(0))
    found = f"{count} processor{'s' if count > 1 else ''}"
    yield Finding(
        "processors", "good", found, "as many job instances run at the same time (--jobs)"
    )
    flags = _cpu_flags()
    for flag, (if_present, if_missing) in _FLAGS.items():
        present = flag in flags
        yield Finding(
            flag,
            "good" if present else "fair",
            "available" if present else "not available",
            if_present if present else if_missing,
        )


def _cpu_flags() -> frozenset[str]:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, flags = line.partition(":")
        if name.strip() == "flags":
            return frozenset(flags.split())
    return frozenset()
