"""Alarms over a restart: moto has them in memory only, so the store keeps what they are."""

import threading
from typing import Any

from include.local_aws.settings import ACCOUNT, REGION
from include.local_aws.store import AlreadyExists, Store

_KIND = "alarm"
_PLAIN = (
    "name",
    "namespace",
    "metric_name",
    "comparison_operator",
    "evaluation_periods",
    "datapoints_to_alarm",
    "period",
    "threshold",
    "statistic",
    "extended_statistic",
    "description",
    "alarm_actions",
    "ok_actions",
    "insufficient_data_actions",
    "unit",
    "actions_enabled",
    "treat_missing_data",
    "evaluate_low_sample_count_percentile",
    "threshold_metric_id",
    "rule",
)


class SavedAlarms:
    """Moto's alarms and their copy in the store; alarms on expressions are not copied."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.RLock()
        self._saved: dict[str, Any] | None = None

    def all(self) -> list[Any]:
        """Moto's alarms, with those of the server before; importing moto takes a second."""
        backend = _backend()
        with self._lock:
            if self._saved is None:
                found = [body["_fields"] for body in self._store.list_all(_KIND)]
                for fields in found:
                    backend.put_metric_alarm(**fields)
                self._saved = {fields["name"]: fields for fields in found}
        return list(backend.alarms.values())

    def save(self) -> None:
        """Copy what has changed; on disk when this returns."""
        with self._lock:
            there = {a.name: _fields(a) for a in self.all() if not a.metric_data_queries}
            saved = self._saved or {}
            for name, fields in there.items():
                if fields != saved.get(name):
                    self._write(name, fields)
            for name in set(saved) - set(there):
                self._store.delete(_KIND, name)
            self._saved = there

    def _write(self, name: str, fields: Any) -> None:
        try:
            self._store.insert(_KIND, name, {"_fields": fields})
        except AlreadyExists:
            self._store.set(_KIND, name, _fields=fields)


def _backend() -> Any:
    from moto.cloudwatch.models import cloudwatch_backends

    return cloudwatch_backends[ACCOUNT][REGION]


def _fields(alarm: Any) -> dict[str, Any]:
    """An alarm as moto's own put_metric_alarm takes it."""
    dimensions = [{"Name": each.name, "Value": each.value} for each in alarm.dimensions]
    return {name: getattr(alarm, name) for name in _PLAIN} | {"dimensions": dimensions}
