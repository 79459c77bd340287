"""Alarms on endpoint metrics: stored by moto and evaluated by this server."""

import logging
import time
from collections.abc import Iterable
from datetime import UTC
from typing import Any

from include.local_aws.observability.cloudwatch.evaluation import ALARM, OPERATORS, Rule
from include.local_aws.observability.cloudwatch.metrics import NAMESPACE, UNITS, EndpointMetrics
from include.local_aws.observability.cloudwatch.saved_alarms import SavedAlarms
from include.local_aws.store import Store

_log = logging.getLogger(__name__)
_MANUAL_STATE_SECONDS = 60.0  # seconds for which a state set by SetAlarmState stays


class Alarms:
    """Evaluates alarms on endpoint metrics when their states are requested.

    The periods of an alarm end at the time of the request and include the current minute, so that
    an alarm reacts at once. Alarms on other metrics, on expressions and on other alarms keep the
    state that SetAlarmState gave them.
    """

    def __init__(self, metrics: EndpointMetrics, store: Store) -> None:
        self._metrics = metrics
        self._alarms = SavedAlarms(store)
        self._evaluated: dict[str, Any] = {}

    def evaluate(self) -> None:
        """Update the states of all alarms on endpoint metrics."""
        for alarm in self._alarms.all():
            if _is_evaluated(alarm) and not self._is_set_manually(alarm):
                self._evaluate(alarm)

    def save(self) -> None:
        """Save the alarms to the disk, before a change is acknowledged."""
        self._alarms.save()

    def triggered(self, names: Iterable[str]) -> list[str]:
        """Return the names of these alarms that are in the state ALARM."""
        self.evaluate()
        wanted = set(names)
        return [a.name for a in self._alarms.all() if a.name in wanted and a.state_value == ALARM]

    def missing(self, names: Iterable[str]) -> list[str]:
        """Return the names for which no alarm exists."""
        existing = {alarm.name for alarm in self._alarms.all()}
        return [name for name in names if name not in existing]

    def _is_set_manually(self, alarm: Any) -> bool:
        """Return whether SetAlarmState has just set the state."""
        updated = alarm.state_updated_timestamp
        if not alarm.history or updated == self._evaluated.get(alarm.name):
            return False
        return bool(time.time() - _epoch(updated) < _MANUAL_STATE_SECONDS)

    def _evaluate(self, alarm: Any) -> None:
        periods, period = int(alarm.evaluation_periods), int(alarm.period)
        now = time.time()
        starts = [now - period * number for number in range(periods, 0, -1)]
        values = [self._value(alarm, start, start + period) for start in starts]
        rule = Rule(
            alarm.comparison_operator,
            float(alarm.threshold),
            int(alarm.datapoints_to_alarm or periods),
            alarm.treat_missing_data or "missing",
        )
        state = rule.state(values, alarm.state_value)
        if state != alarm.state_value:
            _log.info("alarm %s: %s", alarm.name, state)
            alarm.update_state(_reason(rule, values), "{}", state)
            self._evaluated[alarm.name] = alarm.state_updated_timestamp

    def _value(self, alarm: Any, start: float, end: float) -> float | None:
        if alarm.unit and alarm.unit != UNITS[alarm.metric_name]:
            return None
        dimensions = {dimension.name: dimension.value for dimension in alarm.dimensions}
        values = self._metrics.statistics(alarm.metric_name, dimensions, start, end)
        return values.statistic(alarm.statistic or alarm.extended_statistic or "")


def _is_evaluated(alarm: Any) -> bool:
    return (
        alarm.namespace == NAMESPACE
        and alarm.metric_name in UNITS
        and alarm.comparison_operator in OPERATORS
        and not alarm.rule
    )


def _epoch(moment: Any) -> float:
    """Return a Unix timestamp. Moto's times are in UTC, without a time zone."""
    return float(moment.replace(tzinfo=UTC).timestamp())


def _reason(rule: Rule, values: list[float | None]) -> str:
    shown = ", ".join("no data" if value is None else f"{value:g}" for value in values)
    return (
        f"Threshold Crossed: of the datapoints [{shown}], {rule.needed} must be "
        f"{rule.operator} ({rule.threshold:g}) for the ALARM state."
    )
