"""Check of Airflow's heartbeat intervals: they are shorter than the time until Airflow gives up.

A component that reports less often than its threshold counts as dead while it runs. Its triggers
or tasks are then taken from it and started again, and the job that a task waits for is tracked by
several processes in turn (https://github.com/apache/airflow/issues/32121,
https://github.com/apache/airflow/issues/72716).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from include.decisions.preflight.finding import Finding, failed, ok, unknown

ReadOption = Callable[[str, str], float]
"""Returns a number of Airflow's configuration, by its section and name."""

MISSED_HEARTBEATS = 2
"""A threshold should be at least so many intervals: one heartbeat may be late."""


class _Pair(NamedTuple):
    section: str
    interval: str
    threshold: str
    consequence: str


_PAIRS = (
    _Pair(
        "triggerer",
        "job_heartbeat_sec",
        "triggerer_health_check_threshold",
        "other triggerers take over the triggers of one that runs",
    ),
    _Pair(
        "scheduler",
        "scheduler_heartbeat_sec",
        "scheduler_health_check_threshold",
        "other schedulers reset the tasks of one that runs",
    ),
    _Pair(
        "scheduler",
        "task_instance_heartbeat_sec",
        "task_instance_heartbeat_timeout",
        "the scheduler fails tasks that run",
    ),
)


def check_heartbeats(read: ReadOption) -> list[Finding]:
    """Check the heartbeat intervals of triggerer, scheduler and tasks.

    Args:
        read: Reads Airflow's configuration, as the process that calls has it. Other components may
            have another one.
    """
    return [_check(pair, read) for pair in _PAIRS]


def _check(pair: _Pair, read: ReadOption) -> Finding:
    check = f"heartbeat [{pair.section}] {pair.interval}"
    try:
        interval, threshold = (read(pair.section, name) for name in (pair.interval, pair.threshold))
    except Exception as error:
        return unknown(check, f"Airflow's configuration cannot be read: {error}")
    # An interval of 0 lets Airflow choose one that fits the threshold.
    if interval * MISSED_HEARTBEATS <= threshold:
        return ok(check, f"{interval:g} s, and {pair.threshold} is {threshold:g} s")
    variable = f"AIRFLOW__{pair.section}__{pair.interval}".upper()
    return failed(
        check,
        f"{interval:g} s is too long for {pair.threshold} ({threshold:g} s): {pair.consequence}",
        f"set {variable} to at most {threshold / MISSED_HEARTBEATS:g}, or raise "
        f"[{pair.section}] {pair.threshold} to at least {interval * MISSED_HEARTBEATS:g}, and "
        f"restart Airflow",
    )
