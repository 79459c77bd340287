"""A training job's metrics, read from its log by the regular expressions in the request."""

import re
from pathlib import Path
from typing import Any

from include.local_aws.logs import Event, events
from include.local_aws.store import Body


class MetricReader:
    """Keeps the last value of each metric.

    Args:
        definitions: `AlgorithmSpecification.MetricDefinitions`: Name and Regex, whose first
            group is the value.
    """

    def __init__(self, definitions: list[dict[str, str]]) -> None:
        self._expressions = [(d["Name"], re.compile(d["Regex"])) for d in definitions]
        self._values: dict[str, dict[str, Any]] = {}

    def feed(self, event: Event) -> None:
        """Take one line of the log."""
        for name, expression in self._expressions:
            match = expression.search(event.message)
            if match and match.groups():
                try:
                    value = float(match[1])
                except (TypeError, ValueError):
                    continue
                seconds = event.timestamp / 1000
                self._values[name] = {"MetricName": name, "Value": value, "Timestamp": seconds}

    @property
    def final(self) -> list[dict[str, Any]]:
        """The body of FinalMetricDataList."""
        return list(self._values.values())


def final_metrics(body: Body) -> list[dict[str, Any]]:
    """The metrics that a training job's first instance has logged."""
    definitions = body["AlgorithmSpecification"].get("MetricDefinitions", [])
    if not definitions or "_log" not in body:
        return []
    reader = MetricReader(definitions)
    for event in events(Path(body["_log"])):
        reader.feed(event)
    return reader.final
