"""Each change of a job's status is told once, none is missed, and the seconds are the job's own."""

from datetime import timedelta
from typing import Any

from sagemaker_jobs.jobs.kinds import KINDS
from sagemaker_jobs.jobs.progress import StallDetector, StatusLog
from tests.plugins.sagemaker_jobs.descriptions import STARTED, training_job


def transition(status: str, message: str, start: int, end: int | None = None) -> dict[str, Any]:
    times = {"StartTime": STARTED + timedelta(seconds=start)}
    if end is not None:
        times["EndTime"] = STARTED + timedelta(seconds=end)
    return {"Status": status, "StatusMessage": message, **times}


def test_training_tells_the_transitions_between_two_polls() -> None:
    log = StatusLog(KINDS["training"])
    first = [transition("Starting", "Launching requested ML instances", 0)]
    assert log.changes(training_job(SecondaryStatusTransitions=first)) == [
        "Starting: Launching requested ML instances"
    ]
    assert log.changes(training_job(SecondaryStatusTransitions=first)) == []
    later = [
        transition("Starting", "Launching requested ML instances", 0, 20),
        transition("Downloading", "Downloading input data", 20, 25),
        transition("Training", "Training in progress.", 25),
    ]
    assert log.changes(training_job(SecondaryStatusTransitions=later)) == [
        "Downloading after 20 s of Starting: Downloading input data",
        "Training after 5 s of Downloading: Training in progress.",
    ]


def test_training_tells_a_new_message_of_the_same_status() -> None:
    log = StatusLog(KINDS["training"])
    log.changes(training_job(SecondaryStatusTransitions=[transition("Starting", "one", 0)]))
    two = training_job(SecondaryStatusTransitions=[transition("Starting", "two", 0)])
    assert log.changes(two) == ["Starting: two"]
    assert log.changes(two) == []


def test_other_kinds_tell_the_status_and_the_seconds_between() -> None:
    now = 100.0
    log = StatusLog(KINDS["processing"], clock=lambda: now)
    assert log.changes({"ProcessingJobStatus": "InProgress"}) == ["InProgress"]
    now = 107.6
    assert log.changes({"ProcessingJobStatus": "InProgress"}) == []
    assert log.changes({"ProcessingJobStatus": "Completed"}) == [
        "Completed after 8 s of InProgress"
    ]


def test_a_stall_is_told_once_for_each_while_without_progress() -> None:
    now = 0.0
    watch = StallDetector(60, clock=lambda: now)
    assert watch.warning((1, 0)) is None
    now = 59
    assert watch.warning((1, 0)) is None
    now = 61
    warning = watch.warning((1, 0))
    assert warning is not None
    assert "no new line in its log for 1 min" in warning
    now = 90
    assert watch.warning((1, 0)) is None
    now = 122
    assert "for 2 min" in (watch.warning((1, 0)) or "")
    now = 130
    assert watch.warning((1, 5)) is None  # its log goes on
    now = 189
    assert watch.warning((1, 5)) is None
