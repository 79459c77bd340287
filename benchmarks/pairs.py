"""Timing two things against each other, so that a noisy machine disturbs both alike."""

from __future__ import annotations

import statistics
import subprocess
import sys
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


# A process counts what its parent held when it was started: so a small one starts it.
MEASURE = (
    "import resource, subprocess, sys;"
    " subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL);"
    " print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
)


def peak_megabytes(command: Sequence[str], environment: dict[str, str]) -> float:
    """The most memory that a command holds at a time.

    Raises:
        subprocess.CalledProcessError: It failed.
    """
    measured = subprocess.run(
        [sys.executable, "-c", MEASURE, *command],
        env=environment, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return int(measured.stdout.split()[-1]) / 1024
