"""Alarms that survive a restart: this module copies moto's alarms to the store."""

import threading
from typing import Any

from include.local_aws.settings import ACCOUNT, REGION
from include.local_aws.store import AlreadyExists, Store

_KIND = "alarm"
_FIELDS = (
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
    """Moto's alarms and their copies in the store. Alarms on expressions are not copied."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.RLock()
        self._saved: dict[str, Any] | None = None

    def all(self) -> list[Any]:
        """Return moto's alarms, after loading those in the store; importing moto takes a second."""
        backend = _backend()
        with self._lock:
            if self._saved is None:
                found = [body["_fields"] for body in self._store.list_all(_KIND)]
                for fields in found:
                    backend.put_metric_alarm(**fields)
                self._saved = {fields["name"]: fields for fields in found}
        return list(backend.alarms.values())

    def save(self) -> None:
        """Copy changed alarms to the store, synced to the disk."""
        with self._lock:
            current = {a.name: _fields(a) for a in self.all() if not a.metric_data_queries}
            saved = self._saved or {}
            for name, fields in current.items():
                if fields != saved.get(name):
                    self._write(name, fields)
            for name in set(saved) - set(current):
                self._store.delete(_KIND, name)
            self._saved = current

    def _write(self, name: str, fields: Any) -> None:
        try:
            self._store.insert(_KIND, name, {"_fields": fields})
        except AlreadyExists:
            self._store.set(_KIND, name, _fields=fields)


def _backend() -> Any:
    from moto.cloudwatch.models import cloudwatch_backends

    return cloudwatch_backends[ACCOUNT][REGION]


def _fields(alarm: Any) -> dict[str, Any]:
    """Return the arguments of moto's put_metric_alarm for an alarm."""
    dimensions = [{"Name": item.name, "Value": item.value} for item in alarm.dimensions]
    return {name: getattr(alarm, name) for name in _FIELDS} | {"dimensions": dimensions}
