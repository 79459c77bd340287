"""Measurement of a process: peak memory, CPU time and duration."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.conversion import environment

# The peak of a child process includes the memory of its parent at the fork, so a small process
# starts it.
MEASURE = """
import json, resource, subprocess, sys, time
started = time.monotonic()
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([code, used.ru_maxrss, used.ru_utime, used.ru_stime, time.monotonic() - started]))
"""


@dataclass(frozen=True)
class Usage:
    """What a process used; `megabytes` is its peak of resident memory."""

    megabytes: float
    user: float
    system: float
    seconds: float


def run_container(base: str, *arguments: str, **variables: str) -> Usage:
    """Run one of the container's commands in the folder `base`, and return what it used.

    Args:
        base: The base directory of SageMaker.
        arguments: The command and its flags.
        variables: Additional environment variables.

    Raises:
        RuntimeError: The command failed; the message is the end of its log.
    """
    return measure(
        [sys.executable, "-m", "include.image_classification", *arguments],
        {"SAGEMAKER_BASE_DIR": base, **variables},
    )


def measure(command: Sequence[str], variables: dict[str, str]) -> Usage:
    """Run a command with additional environment variables, and return what it used.

    Raises:
        RuntimeError: The command failed; the message is the end of its log.
    """
    ran = subprocess.run(
        [sys.executable, "-c", MEASURE, *command],
        env=environment() | variables, check=True, capture_output=True, text=True,
    )  # fmt: skip
    code, kilobytes, user, system, seconds = json.loads(ran.stdout)
    if code:
        raise RuntimeError(f"{' '.join(command)} failed: {ran.stderr[-2000:]}")
    return Usage(
        megabytes=round(kilobytes / 1024, 1),
        user=round(user, 2),
        system=round(system, 2),
        seconds=round(seconds, 2),
    )
