"""A training job's metrics, read from its log by the regular expressions in the request."""

import contextlib
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from include.local_aws.observability.logs import Event, events
from include.local_aws.store import Body
from include.service_model.patterns import compile_pattern


class MetricReader:
    """Reads metrics from log lines, and keeps the last value of each.

    Args:
        definitions: `AlgorithmSpecification.MetricDefinitions`: Name and Regex, whose first
            group is the value. Expressions that Python does not support are ignored.
    """

    def __init__(self, definitions: list[dict[str, str]]) -> None:
        read = ((d["Name"], compile_pattern(d["Regex"])) for d in definitions)
        self._expressions = [(name, expression) for name, expression in read if expression]
        self._values: dict[str, dict[str, Any]] = {}

    def feed(self, event: Event) -> None:
        """Read a line of the log."""
        for name, value in self.found(event):
            seconds = event.timestamp / 1000
            self._values[name] = {"MetricName": name, "Value": value, "Timestamp": seconds}

    def found(self, event: Event) -> Iterator[tuple[str, float]]:
        """Yield the metrics in a line, without values that are not finite numbers."""
        for name, expression in self._expressions:
            match = expression.search(event.message)
            if match and match.groups():
                with contextlib.suppress(TypeError, ValueError):
                    value = float(match[1])
                    if math.isfinite(value):
                        yield name, value

    @property
    def final(self) -> list[dict[str, Any]]:
        """The content of FinalMetricDataList."""
        return list(self._values.values())


def final_metrics(body: Body) -> list[dict[str, Any]]:
    """Return the last values of the metrics that a training job's first instance has logged."""
    definitions = body["AlgorithmSpecification"].get("MetricDefinitions", [])
    reader = MetricReader(definitions)
    logs = [Path(log) for log in body.get("_logs", []) if definitions]
    for log in filter(Path.is_file, logs):  # old logs may be deleted
        for event in events(log):
            reader.feed(event)
    return reader.final
