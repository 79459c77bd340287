"""The machine itself: system, processor, memory, limits, namespaces."""

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
        "the basis of fast decoding and of float32",
        "such programs are slow, or do not start",
    ),
    "avx512_vnni": ("int8 models are fast", "int8 models are no faster than float32"),
    "avx512_bf16": ("bfloat16 training is fast", "bfloat16 is emulated; train in float32"),
    "amx_int8": ("int8 models are faster still", "nothing is lost but that"),
}


def examine_machine() -> Iterator[Finding]:
    """What is the same wherever the state is kept."""
    yield _system()
    yield _namespaces()
    yield _memory()
    yield _open_files()
    yield from _processor()


def _system() -> Finding:
    python = sys.version_info[:2]
    right = sys.platform == "linux" and (3, 11) <= python < (3, 13)
    found = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return Finding(
        "system",
        "good" if right else "bad",
        found,
        "Linux with Python 3.11 or 3.12 is what it is made for",
    )


def _namespaces() -> Finding:
    if Isolation().private:
        meaning = "programs that know only /opt/ml run unchanged, side by side"
        return Finding("namespaces", "good", "every job has an /opt/ml of its own", meaning)
    meaning = (
        "programs must take their files from SAGEMAKER_BASE_DIR; in a container, allow mount "
        "namespaces (CAP_SYS_ADMIN), else kernel.unprivileged_userns_clone=1 may help"
    )
    return Finding("namespaces", "fair", "not allowed here", meaning)


def _memory() -> Finding:
    lines = Path("/proc/meminfo").read_text().splitlines()
    sizes = {
        name: int(rest.split()[0]) * 1024 for name, _, rest in (x.partition(":") for x in lines)
    }
    free, total = sizes["MemAvailable"], sizes["MemTotal"]
    few = free < 2 * _GB
    meaning = (
        "the server and SeaweedFS need about 0.5 GB; little is left for jobs"
        if few
        else "jobs may hold three quarters of it together unless --memory says otherwise"
    )
    found = f"{free / _GB:.1f} of {total / _GB:.1f} GB available"
    return Finding("memory", "fair" if few else "good", found, meaning)


def _open_files() -> Finding:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    few = soft < 1024
    meaning = "raise it with ulimit -n 4096" if few else "many clients at once are no trouble"
    return Finding("open files", "fair" if few else "good", f"at most {soft}", meaning)


def _processor() -> Iterator[Finding]:
    count = len(os.sched_getaffinity(0))
    found = f"{count} processor{'s' if count > 1 else ''}"
    yield Finding(
        "processors", "good", found, "that many jobs at once unless --jobs says otherwise"
    )
    flags = _cpu_flags()
    for flag, (with_it, without) in _FLAGS.items():
        there = flag in flags
        yield Finding(
            flag,
            "good" if there else "fair",
            "there" if there else "not there",
            with_it if there else without,
        )


def _cpu_flags() -> frozenset[str]:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, flags = line.partition(":")
        if name.strip() == "flags":
            return frozenset(flags.split())
    return frozenset()
