"""A running job is an orphan only if it is certain that no task waits for it."""

from datetime import UTC, datetime, timedelta

import pytest

from sagemaker_jobs.jobs.kinds import KINDS
from sagemaker_jobs.jobs.orphans import FINISHED_STATES, GRACE_PERIOD, RunningJob, decide
from sagemaker_jobs.jobs.ownership import TASK_TAG, ownership_tags

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
OLD = GRACE_PERIOD + timedelta(minutes=1)
TAGS = ownership_tags("cars__nightly_training", "submit_train", "scheduled__1", "track_train")


def running(name: str = "job", age: timedelta = OLD, tags: dict[str, str] = TAGS) -> RunningJob:
    return RunningJob(KINDS["training"], name, NOW - age, tags)


def states(submit: str | None, track: str | None) -> dict[str, str | None]:
    return {"submit_train": submit, "track_train": track}


@pytest.mark.parametrize(
    ("submit", "track", "action", "reason"),
    [
        ("success", "deferred", "leave", "a task waits for it: track_train is deferred"),
        ("success", "running", "leave", "track_train is running"),
        ("success", None, "leave", "track_train is not started"),
        ("success", "scheduled", "leave", "track_train is scheduled"),
        ("success", "queued", "leave", "track_train is queued"),
        ("success", "up_for_retry", "leave", "track_train is up_for_retry"),
        ("success", "up_for_reschedule", "leave", "track_train is up_for_reschedule"),
        ("success", "restarting", "leave", "track_train is restarting"),
        ("running", None, "leave", "submit_train is running, track_train is not started"),
        ("up_for_retry", "failed", "leave", "a task waits for it: submit_train is up_for_retry"),
        ("success", "a state of a later Airflow", "leave", "a state of a later Airflow"),
        ("success", "failed", "stop", "submit_train is success, track_train is failed"),
        ("success", "success", "stop", "no task waits for it"),
        ("success", "skipped", "stop", "no task waits for it"),
        ("success", "removed", "stop", "no task waits for it"),
        ("failed", "upstream_failed", "stop", "no task waits for it"),
    ],
)
def test_the_states_of_the_two_tasks_decide(
    submit: str | None, track: str | None, action: str, reason: str
) -> None:
    decision = decide(running(), states(submit, track), NOW)
    assert decision.action == action
    assert reason in decision.reason


@pytest.mark.parametrize(
    ("tags", "known", "reason"),
    [
        ({}, {}, "name no task that waits for it: sagemaker-jobs:task=''"),
        ({TASK_TAG: "cars/submit_train"}, {}, "name no task"),
        ({TASK_TAG: ("d/submit_train/" + "x" * 300)[:256]}, {}, "name no task"),
        ({TASK_TAG: "d/train/run"}, {"train": "success"}, "name no task that waits for it"),
        (TAGS, {}, "Airflow has no run scheduled__1 of cars__nightly_training"),
        (TAGS, {"submit_train": "success"}, "has no task track_train"),
    ],
    ids=["no tag", "no run", "cut", "no sensor", "deleted run", "deleted sensor"],
)
def test_a_job_that_cannot_be_assigned_to_a_run_is_left(
    tags: dict[str, str], known: dict[str, str | None], reason: str
) -> None:
    """A cut tag, a deleted run or a run of a copied installation does not prove an orphan."""
    decision = decide(running(tags=tags), known, NOW)
    assert decision.action == "unassigned"
    assert reason in decision.reason


def test_a_young_job_is_left_even_if_no_task_waits_for_it() -> None:
    decision = decide(running(age=timedelta(minutes=14)), states("success", "failed"), NOW)
    assert decision.action == "leave"
    assert decision.reason == "it is 14 minutes old, below 15"


def test_the_former_job_of_a_cleared_task_is_stopped() -> None:
    """The triggerer was down when a user cleared the task, which now waits for another job."""
    decision = decide(running(), states("success", "deferred"), NOW, running("job-2"))
    assert decision.action == "stop"
    assert decision.reason == "submit_train was cleared, and job-2 replaces this job"


def test_the_jobs_of_a_mapped_task_do_not_replace_each_other() -> None:
    """Their tags are the same, because tags do not contain the map index."""
    mapped: dict[str, str | None] = {
        "submit_train_0": "success",
        "submit_train_1": "success",
        "track_train_0": "deferred",
        "track_train_1": "failed",
    }
    decision = decide(running(), mapped, NOW, running("job-2"))
    assert decision.action == "leave"
    ended = dict.fromkeys(mapped, "failed")
    assert decide(running(), ended, NOW).action == "stop"


def test_the_finished_states_are_those_of_airflow() -> None:
    from airflow.utils.state import State

    assert {str(state) for state in State.finished} == FINISHED_STATES
