"""Metrics by Airflow's own stats: StatsD, DogStatsD or OpenTelemetry, as `[metrics]` says.

Without any of them, nothing is sent. A metric that cannot be sent is logged and fails no task.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

log = logging.getLogger(__name__)

BACKENDS = ("statsd_on", "statsd_datadog_enabled", "otel_on")
"""The options of Airflow's section `metrics` that turn metrics on."""


def are_sent() -> bool:
    """Return whether this installation sends metrics; figures for them need not be read if not."""
    from airflow.sdk import conf

    return any(conf.getboolean("metrics", backend, fallback=False) for backend in BACKENDS)


def gauge(name: str, value: float, tags: Mapping[str, str]) -> None:
    """Send the present value of a metric.

    Args:
        name: Letters, digits, `_` and `.`; Airflow's prefix comes before it.
        value: The value.
        tags: The tags, whose values have letters, digits, `_`, `-` and `.`.
    """
    try:
        # The module that the task runner itself uses; Airflow's names are in METRICS.md.
        from airflow.sdk.observability import stats

        stats.gauge(_full_name(name, tags), value, tags=dict(tags))
    except Exception as error:
        log.warning("the metric %s was not sent: %s", name, error)


def count(name: str, amount: float, tags: Mapping[str, str]) -> None:
    """Add an amount to a counter, rounded to an integer, as counters of StatsD are integers."""
    try:
        from airflow.sdk.observability import stats

        stats.incr(_full_name(name, tags), round(amount), tags=dict(tags))
    except Exception as error:
        log.warning("the metric %s was not sent: %s", name, error)


def _full_name(name: str, tags: Mapping[str, str]) -> str:
    """Return the name with the tags' values at its end if the backend drops tags.

    Plain StatsD has no tags: the values of all pipelines would be one metric. Airflow's own metrics
    have such names, too (`[metrics] legacy_names_on`).
    """
    if not _drops_tags():
        return name
    return ".".join([name, *(value.replace(".", "_") for value in tags.values())])


def _drops_tags() -> bool:
    from airflow.sdk import conf

    if conf.getboolean("metrics", "statsd_datadog_enabled", fallback=False):
        return False
    if not conf.getboolean("metrics", "statsd_on", fallback=False):
        return False
    return not conf.getboolean("metrics", "statsd_influxdb_enabled", fallback=False)
