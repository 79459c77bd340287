"""Tests of the check of Airflow's heartbeat intervals."""

import pytest

from include.decisions.preflight import check_heartbeats
from include.decisions.preflight.finding import Finding

DEFAULTS = {
    "triggerer.job_heartbeat_sec": 5.0,
    "triggerer.triggerer_health_check_threshold": 30.0,
    "scheduler.scheduler_heartbeat_sec": 5.0,
    "scheduler.scheduler_health_check_threshold": 30.0,
    "scheduler.task_instance_heartbeat_sec": 0.0,
    "scheduler.task_instance_heartbeat_timeout": 300.0,
}


def _check(**changes: float) -> dict[str, Finding]:
    options = DEFAULTS | {name.replace("__", "."): value for name, value in changes.items()}
    findings = check_heartbeats(lambda section, name: options[f"{section}.{name}"])
    return {finding.check: finding for finding in findings}


def test_airflows_own_defaults_are_ok() -> None:
    """The names are those of the installed Airflow, not only of this test."""
    from airflow.sdk import conf

    for found in (list(_check().values()), check_heartbeats(conf.getfloat)):
        assert [finding.status for finding in found] == ["ok"] * 3
    assert conf.getfloat("triggerer", "triggerer_health_check_threshold") == 30


@pytest.mark.parametrize(
    ("interval", "status"), [(15, "ok"), (16, "failed"), (50, "failed"), (3600, "failed")]
)
def test_a_triggerer_that_reports_too_rarely_loses_its_triggers(
    interval: float, status: str
) -> None:
    """The case of https://github.com/apache/airflow/issues/32121: 50 seconds, and 30 allowed."""
    finding = _check(triggerer__job_heartbeat_sec=interval)[
        "heartbeat [triggerer] job_heartbeat_sec"
    ]
    assert finding.status == status
    if status == "failed":
        assert "other triggerers take over the triggers" in finding.found
        assert finding.fix.startswith("set AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC to at most 15, or")
        assert f"triggerer_health_check_threshold to at least {2 * interval}" in finding.fix


@pytest.mark.parametrize(
    ("option", "field"),
    [
        ("scheduler__scheduler_heartbeat_sec", "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC"),
        (
            "scheduler__task_instance_heartbeat_sec",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC",
        ),
    ],
)
def test_scheduler_and_tasks_are_checked_alike(option: str, field: str) -> None:
    failed = [finding for finding in _check(**{option: 200}).values() if finding.status == "failed"]
    assert [field in finding.fix for finding in failed] == [True]


def test_an_unreadable_option_is_unknown() -> None:
    def missing(section: str, name: str) -> float:
        raise ValueError(f"section/key [{section}/{name}] not found")

    found = check_heartbeats(missing)
    assert {finding.status for finding in found} == {"unknown"}
    assert "not found" in found[0].found
