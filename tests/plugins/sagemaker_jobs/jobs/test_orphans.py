"""A running job is stopped only where it is sure that no task is at it."""

from datetime import UTC, datetime, timedelta

import pytest

from sagemaker_jobs.jobs.kinds import KINDS
from sagemaker_jobs.jobs.orphans import FINISHED_STATES, SETTLING, RunningJob, judge
from sagemaker_jobs.jobs.ownership import TASK_TAG, task_tag

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
OLD = SETTLING + timedelta(minutes=1)
TAG = task_tag("cars__nightly_training", "submit_train", "scheduled__1")


def running(name: str = "job", age: timedelta = OLD, tag: str = TAG) -> RunningJob:
    return RunningJob(KINDS["training"], name, NOW - age, {TASK_TAG: tag})


def states(submit: str | None, track: str | None) -> dict[str, str | None]:
    return {"submit_train": submit, "track_train": track}


@pytest.mark.parametrize(
    ("submit", "track", "verdict", "reason"),
    [
        ("success", "deferred", "leave", "it is followed: track_train is deferred"),
        ("success", "running", "leave", "track_train is running"),
        ("success", None, "leave", "track_train is yet to come"),
        ("success", "scheduled", "leave", "track_train is scheduled"),
        ("success", "queued", "leave", "track_train is queued"),
        ("success", "up_for_retry", "leave", "track_train is up_for_retry"),
        ("success", "up_for_reschedule", "leave", "track_train is up_for_reschedule"),
        ("success", "restarting", "leave", "track_train is restarting"),
        ("running", None, "leave", "submit_train is running, track_train is yet to come"),
        ("up_for_retry", "failed", "leave", "it is followed: submit_train is up_for_retry"),
        ("success", "a state of a later Airflow", "leave", "a state of a later Airflow"),
        ("success", "failed", "stop", "submit_train is success, track_train is failed"),
        ("success", "success", "stop", "nobody is at it"),
        ("success", "skipped", "stop", "nobody is at it"),
        ("success", "removed", "stop", "nobody is at it"),
        ("failed", "upstream_failed", "stop", "nobody is at it"),
    ],
)
def test_the_two_tasks_states_decide(
    submit: str | None, track: str | None, verdict: str, reason: str
) -> None:
    judgement = judge(running(), states(submit, track), NOW)
    assert judgement.verdict == verdict
    assert reason in judgement.reason


@pytest.mark.parametrize(
    ("tag", "known", "reason"),
    [
        ("", {}, "names no task that submits: ''"),
        ("cars/submit_train", {}, "names no task"),
        ("d/submit_train/" + "x" * 300, {}, "names no task"),
        ("d/train/run", {"train": "success"}, "names no task that submits"),
        (TAG, {}, "Airflow knows no run scheduled__1 of cars__nightly_training"),
        (TAG, {"submit_train": "success"}, "has no task track_train to follow it"),
    ],
    ids=["no tag", "no run", "cut", "other task", "deleted run", "no tracker"],
)
def test_a_job_that_no_run_can_be_asked_about_is_left(
    tag: str, known: dict[str, str | None], reason: str
) -> None:
    """A tag cut at its longest, a deleted run, a copy's run: stopping would be guessing."""
    judgement = judge(running(tag=tag[:256]), known, NOW)
    assert judgement.verdict == "unassigned"
    assert reason in judgement.reason


def test_a_young_job_is_left_though_nobody_seems_to_be_at_it() -> None:
    judgement = judge(running(age=timedelta(minutes=14)), states("success", "failed"), NOW)
    assert judgement.verdict == "leave"
    assert judgement.reason == "it is 14 minutes old, below 15"


def test_a_cleared_tasks_former_job_is_stopped_while_its_run_goes_on() -> None:
    """The triggerer was down when the task was cleared: the same task now follows another job."""
    judgement = judge(running(), states("success", "deferred"), NOW, running("job-2"))
    assert judgement.verdict == "stop"
    assert judgement.reason == "submit_train was cleared, and job-2 does its work now"


def test_the_jobs_of_a_mapped_task_do_not_replace_each_other() -> None:
    """Their tags are the same: the map index is not in them."""
    mapped: dict[str, str | None] = {
        "submit_train_0": "success",
        "submit_train_1": "success",
        "track_train_0": "deferred",
        "track_train_1": "failed",
    }
    judgement = judge(running(), mapped, NOW, running("job-2"))
    assert judgement.verdict == "leave"
    ended = dict.fromkeys(mapped, "failed")
    assert judge(running(), ended, NOW).verdict == "stop"


def test_finished_is_what_airflow_calls_finished() -> None:
    from airflow.utils.state import State

    assert {str(state) for state in State.finished} == FINISHED_STATES
