"""Measure two programs in turns, so that other load on the machine affects both alike."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import TypedDict

PAIRS = 5


class Ratio(TypedDict):
    """A comparison of the project (`ours`) with a peer.

    For times, `ratio` is the factor by which the project is faster. `peer_is` describes the peer.
    """

    ours: float
    peer: float
    ratio: float
    unit: str
    peer_is: str


def compare(
    project: Callable[[], object],
    peer: Callable[[], object],
    peer_is: str,
    before: Callable[[], object] = lambda: None,
) -> Ratio:
    """Run both in turns, `PAIRS` times, after one warm-up of each.

    Args:
        project: The project's function.
        peer: The peer's function for the same result.
        peer_is: A description of the peer, for the table.
        before: Preparation before each pair, which is not measured.

    Returns:
        The medians in seconds, and the median of the pairs' ratios.
    """
    pairs = []
    for _ in range(1 + PAIRS):
        before()
        pairs.append((seconds(project), seconds(peer)))
    pairs = pairs[1:]
    return {
        "ours": round(statistics.median(time for time, _ in pairs), 3),
        "peer": round(statistics.median(time for _, time in pairs), 3),
        "ratio": round(statistics.median(other / own for own, other in pairs), 2),
        "unit": "seconds",
        "peer_is": peer_is,
    }


def seconds(work: Callable[[], object]) -> float:
    """Return the seconds that a function takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


# The peak of a child process includes the memory of its parent at the fork, so a small process
# starts it.
MEASURE = (
    "import resource, subprocess, sys;"
    " subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL);"
    " print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
)


def peak_megabytes(command: Sequence[str], environment: dict[str, str]) -> float:
    """Return the peak memory of a command.

    Raises:
        subprocess.CalledProcessError: The command failed.
    """
    measured = subprocess.run(
        [sys.executable, "-c", MEASURE, *command],
        env=environment, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return int(measured.stdout.split()[-1]) / 1024
