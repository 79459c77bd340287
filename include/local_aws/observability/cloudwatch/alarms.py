"""Alarms on the endpoints' metrics: kept by moto, but moved to their states by this server."""

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
_HELD = 60.0  # seconds for which a state that a person has set stays, as until AWS evaluates anew


class Alarms:
    """Evaluates the alarms on endpoint metrics whenever somebody wants to know their states.

    The periods of an alarm end at the moment of asking, the running minute included, so that a
    fault is seen as soon as it has been counted. Alarms on other metrics, on expressions and on
    other alarms keep the state that SetAlarmState gave them.
    """

    def __init__(self, metrics: EndpointMetrics, store: Store) -> None:
        self._metrics = metrics
        self._alarms = SavedAlarms(store)
        self._written: dict[str, Any] = {}

    def evaluate(self) -> None:
        """Bring every alarm on an endpoint metric to its state."""
        for alarm in self._alarms.all():
            if _is_ours(alarm) and not self._is_held(alarm):
                self._evaluate(alarm)

    def save(self) -> None:
        """Bring the alarms as they are now onto the disk: before a change is acknowledged."""
        self._alarms.save()

    def triggered(self, names: Iterable[str]) -> list[str]:
        """Those of these alarms that are in the state ALARM now."""
        self.evaluate()
        wanted = set(names)
        return [a.name for a in self._alarms.all() if a.name in wanted and a.state_value == ALARM]

    def unknown(self, names: Iterable[str]) -> list[str]:
        """Those of these names that no alarm has."""
        there = {alarm.name for alarm in self._alarms.all()}
        return [name for name in names if name not in there]

    def _is_held(self, alarm: Any) -> bool:
        """Whether somebody has just set the state by hand."""
        touched = alarm.state_updated_timestamp
        if not alarm.history or touched == self._written.get(alarm.name):
            return False
        return bool(time.time() - _epoch(touched) < _HELD)

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
            self._written[alarm.name] = alarm.state_updated_timestamp

    def _value(self, alarm: Any, start: float, end: float) -> float | None:
        if alarm.unit and alarm.unit != UNITS[alarm.metric_name]:
            return None
        dimensions = {dimension.name: dimension.value for dimension in alarm.dimensions}
        figure = self._metrics.figure(alarm.metric_name, dimensions, start, end)
        return figure.statistic(alarm.statistic or alarm.extended_statistic or "")


def _is_ours(alarm: Any) -> bool:
    return (
        alarm.namespace == NAMESPACE
        and alarm.metric_name in UNITS
        and alarm.comparison_operator in OPERATORS
        and not alarm.rule
    )


def _epoch(moment: Any) -> float:
    """Moto's times are in UTC and do not say so."""
    return float(moment.replace(tzinfo=UTC).timestamp())


def _reason(rule: Rule, values: list[float | None]) -> str:
    shown = ", ".join("no data" if value is None else f"{value:g}" for value in values)
    return (
        f"Threshold Crossed: of the datapoints [{shown}], {rule.needed} must be "
        f"{rule.operator} ({rule.threshold:g}) for the ALARM state."
    )
