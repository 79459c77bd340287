"""Tests of the kill matrix's invariants and table."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.kill_matrix.airflow_database import TaskInstance
from tests.kill_matrix.cases import CASES, select_cases
from tests.kill_matrix.chain_stack import Row
from tests.kill_matrix.invariants import Job, Outcome, violations
from tests.kill_matrix.table import page

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
JOB = Job(
    kind="training",
    name="cars-train-1",
    owner="cars__nightly_training/submit_train/manual__1",
    request="digest",
    status="Completed",
    created=NOON,
    ended=NOON + timedelta(seconds=60),
)
FAILED = replace(JOB, status="Failed", reason="InternalServerError: the local server stopped")
NEXT = replace(
    JOB,
    name="cars-train-2",
    created=NOON + timedelta(seconds=90),
    ended=NOON + timedelta(seconds=150),
)


DEPLOYED = {"deploy": TaskInstance("deploy", "success", 2, None)}


def _outcome(*jobs: Job, state: str = "success", tries: int = 2, missing: str = "") -> Outcome:
    tasks = {
        "submit_train": TaskInstance("submit_train", "success", tries, None),
        "announce": TaskInstance("announce", "skipped", 1, None),
    }
    return Outcome(state, tasks, jobs, [missing] if missing else [])


def test_a_run_with_a_second_try_is_right() -> None:
    assert violations(_outcome(JOB), server_killed=False) == []


def test_after_a_kill_of_the_server_a_second_attempt_is_right() -> None:
    assert violations(_outcome(FAILED, NEXT), server_killed=True) == []


def test_a_second_try_that_attaches_to_the_update_is_right() -> None:
    attached = Outcome("success", DEPLOYED, [], operation="attach")
    assert violations(attached, server_killed=False) == []


@pytest.mark.parametrize(
    ("outcome", "server_killed", "message"),
    [
        (_outcome(JOB, NEXT), False, "2 jobs for one attempt"),
        (_outcome(FAILED, NEXT), False, "2 jobs for one attempt"),
        (_outcome(JOB, NEXT), True, "another job after cars-train-1, which is Completed"),
        (_outcome(replace(FAILED, ended=NEXT.ended), NEXT), True, "two jobs at the same time"),
        (_outcome(FAILED), True, "last job cars-train-1 is Failed"),
        (_outcome(replace(JOB, status="InProgress", ended=None)), False, "still InProgress"),
        (_outcome(FAILED, replace(NEXT, request="other")), True, "different requests"),
        (_outcome(JOB, replace(NEXT, owner="")), False, "belongs to no task"),
        (_outcome(), False, "submit_train has no job"),
        (_outcome(JOB, tries=3), False, "took 3 tries"),
        (_outcome(JOB, state="failed"), False, "the run is failed"),
        (Outcome("success", DEPLOYED, [], operation="update"), False, "second try returned update"),
        (_outcome(JOB, missing="publish left no XCom"), False, "publish left no XCom"),
    ],
)
def test_a_violation_is_found(outcome: Outcome, server_killed: bool, message: str) -> None:
    assert any(message in line for line in violations(outcome, server_killed=server_killed))


def test_the_table_shows_a_violation_and_its_count() -> None:
    """A row with a second job must not look like a success."""
    case = next(case for case in CASES if case.name == "task-submit_train")
    text = page([Row(case, _outcome(JOB, NEXT), 61.0)], {"nightly_training": 40.0})
    assert f"1 of {len(CASES)} kills, 1 with a violation" in text
    assert "**violated**: submit_train has 2 jobs for one attempt" in text
    assert "success |" in page([Row(case, _outcome(JOB), 61.0)], {})


def test_new_rows_replace_earlier_rows_of_the_same_cases() -> None:
    first, second = CASES[0], CASES[1]
    earlier = page([Row(first, _outcome(JOB, NEXT), 61.0), Row(second, _outcome(JOB), 62.0)], {})
    text = page([Row(first, _outcome(JOB), 63.0)], {}, earlier)
    assert "**violated**" in earlier
    assert "**violated**" not in text
    assert f"2 of {len(CASES)} kills, 0 with a violation" in text
    assert "1 of the rows are kept" in text
    assert "| 62 | success |" in text


def test_each_row_has_the_day_of_its_run() -> None:
    """A kept row must not look like one of this run."""
    first, second, third = CASES[:3]
    day = date(2026, 2, 1)
    earlier = page([Row(first, _outcome(JOB), 61.0, day), Row(second, _outcome(JOB), 62.0)], {})
    today = str(datetime.now(UTC).date())
    without = earlier.replace(f" success | {today} |", " success |")
    text = page([Row(third, _outcome(JOB), 63.0, date(2026, 3, 1))], {}, without)
    days = [line.split(" | ")[-1] for line in text.splitlines() if "| success |" in line]
    assert days == ["2026-02-01 |", "unknown |", "2026-03-01 |"]


def test_cases_are_selected_by_the_start_of_their_names() -> None:
    assert {case.name.partition("-")[0] for case in select_cases(["triggerer"])} == {"triggerer"}
    assert len({case.name for case in CASES}) == len(CASES)
    with pytest.raises(ValueError, match="no case's name starts with 'nonsense'"):
        select_cases(["nonsense"])
