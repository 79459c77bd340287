"""A schedule has one run a day, also when the clocks change, and what a pause leaves out."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        # On 29 March 2026 there is no half past two; on 25 October it comes twice.
        ("2026-03-27T12:00", ["28T02:30", "29T03:30", "30T02:30"]),
        ("2026-10-23T12:00", ["24T02:30", "25T02:30", "26T02:30"]),
    ],
)
def test_a_change_of_clocks_neither_skips_nor_doubles_a_run(
    dag_bag: object, after: str, expected: list[str]
) -> None:
    from airflow.serialization.encoders import coerce_to_core_timetable
    from airflow.timetables.base import TimeRestriction

    from dag_factory.builder import cron

    timetable: Any = coerce_to_core_timetable(cron("30 2 * * *", "Europe/Berlin"))
    begin: Any = datetime.fromisoformat(after).replace(tzinfo=BERLIN)
    restriction = TimeRestriction(earliest=begin, latest=None, catchup=True)
    found, last = [], None
    for _ in expected:
        run = timetable.next_dagrun_info(last_automated_data_interval=last, restriction=restriction)
        assert run is not None
        found.append(f"{run.run_after.astimezone(BERLIN):%dT%H:%M}")
        last = run.data_interval
    assert found == expected


def next_run(now: str, last: str | None, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return when the next run of `30 2 * * *` starts at the earliest, in UTC.

    Args:
        now: The time at which the scheduler asks: when the DAG is unpaused, or after a run.
        last: The moment of the last scheduled run; None if there was none.
        monkeypatch: The test's.
    """
    from airflow.serialization.encoders import coerce_to_core_timetable
    from airflow.timetables import trigger
    from airflow.timetables.base import DataInterval, TimeRestriction

    from dag_factory.builder import cron

    utc: Any = [datetime.fromisoformat(f"{time}+00:00") for time in (now, last) if time]
    monkeypatch.setattr(trigger, "utcnow", lambda: utc[0])
    timetable: Any = coerce_to_core_timetable(cron("30 2 * * *", "UTC"))
    run = timetable.next_dagrun_info(
        last_automated_data_interval=DataInterval(utc[1], utc[1]) if last else None,
        restriction=TimeRestriction(earliest=None, latest=None, catchup=False),
    )
    return f"{run.run_after:%Y-%m-%dT%H:%M}"


def test_a_dag_that_is_unpaused_for_the_first_time_waits(
    dag_bag: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also just after a moment of its schedule."""
    assert next_run("2026-11-10T12:00", None, monkeypatch) == "2026-11-11T02:30"
    assert next_run("2026-11-10T02:31", None, monkeypatch) == "2026-11-11T02:30"


def test_a_pause_over_several_nights_leaves_one_run_which_starts_at_once(
    dag_bag: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Airflow does the same after an outage; docs/decisions.md says why this is as it should be."""
    unpaused = "2026-11-10T12:00"
    missed = next_run(unpaused, "2026-11-05T02:30", monkeypatch)
    assert missed == "2026-11-10T02:30"
    assert datetime.fromisoformat(unpaused) - datetime.fromisoformat(missed) < timedelta(days=1)
    assert next_run(unpaused, missed, monkeypatch) == "2026-11-11T02:30"


def test_no_dag_catches_up(dag_bag: Any) -> None:
    assert {dag.catchup for dag in dag_bag.dags.values()} == {False}
