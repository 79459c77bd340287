"""Timing two things against each other, so that a noisy machine disturbs both alike."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from typing import TypedDict

PAIRS = 5


class Ratio(TypedDict):
    """One comparison: of seconds, `ratio` above 1 says that ours is faster by that factor."""

    ours: float
    peer: float
    ratio: float
    unit: str
    peer_is: str


def compare(
    ours: Callable[[], object],
    peer: Callable[[], object],
    peer_is: str,
    before: Callable[[], object] = lambda: None,
) -> Ratio:
    """Run both in turns, `PAIRS` times, after one unmeasured turn of each.

    Args:
        ours: The project's way.
        peer: The other way to the same result.
        peer_is: What the other way is, for the table.
        before: Unmeasured work before each turn.

    Returns:
        The medians in seconds, and the median of the pairs' ratios.
    """
    pairs = []
    for _ in range(1 + PAIRS):
        before()
        pairs.append((seconds(ours), seconds(peer)))
    pairs = pairs[1:]
    return {
        "ours": round(statistics.median(mine for mine, _ in pairs), 3),
        "peer": round(statistics.median(theirs for _, theirs in pairs), 3),
        "ratio": round(statistics.median(theirs / mine for mine, theirs in pairs), 2),
        "unit": "seconds",
        "peer_is": peer_is,
    }


def seconds(work: Callable[[], object]) -> float:
    """How long some work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def peak_megabytes(command: Sequence[str], environment: dict[str, str]) -> float:
    """The most memory that a command holds at a time.

    Raises:
        RuntimeError: It failed.
    """
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with status {process.returncode}")
    return usage.ru_maxrss / 1024
