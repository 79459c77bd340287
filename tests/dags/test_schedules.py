"""A schedule has one run a day, also when the clocks change."""

from datetime import datetime
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
