"""Each status change is logged once with its duration, and a job without progress is reported."""

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


def test_a_training_job_has_the_transitions_between_two_polls() -> None:
    log = StatusLog(KINDS["training"])
    first = [transition("Starting", "Launching requested ML instances", 0)]
    assert log.changes(training_job(SecondaryStatusTransitions=first)) == [
        "Starting: Launching requested ML instances"
    ]
    assert log.changes(training_job(SecondaryStatusTransitions=first)) == []
    later = [
        transition("Starting", "Launching requested ML instances", 0, 200),
        transition("Downloading", "Downloading input data", 200, 205),
        transition("Training", "Training in progress.", 205),
    ]
    assert log.changes(training_job(SecondaryStatusTransitions=later)) == [
        "Downloading, after 3 minutes 20 seconds in Starting: Downloading input data",
        "Training, after 5 seconds in Downloading: Training in progress.",
    ]


def test_a_training_job_logs_a_new_message_of_the_same_status() -> None:
    log = StatusLog(KINDS["training"])
    log.changes(training_job(SecondaryStatusTransitions=[transition("Starting", "one", 0)]))
    two = training_job(SecondaryStatusTransitions=[transition("Starting", "two", 0)])
    assert log.changes(two) == ["Starting: two"]
    assert log.changes(two) == []


def test_other_kinds_log_the_status_and_the_time_between() -> None:
    now = 100.0
    log = StatusLog(KINDS["processing"], clock=lambda: now)
    assert log.changes({"ProcessingJobStatus": "InProgress"}) == ["InProgress"]
    now = 107.6
    assert log.changes({"ProcessingJobStatus": "InProgress"}) == []
    assert log.changes({"ProcessingJobStatus": "Completed"}) == [
        "Completed, after 8 seconds in InProgress"
    ]


def test_a_stall_is_reported_once_for_each_period_without_progress() -> None:
    now = 0.0
    detector = StallDetector(60, clock=lambda: now)
    assert detector.warning((1, 0)) is None
    now = 59
    assert detector.warning((1, 0)) is None
    now = 61
    warning = detector.warning((1, 0))
    assert warning is not None
    assert "no status change and no new log line for 1 minute 1 second" in warning
    now = 90
    assert detector.warning((1, 0)) is None
    now = 122
    assert "for 2 minutes 2 seconds" in (detector.warning((1, 0)) or "")
    now = 130
    assert detector.warning((1, 5)) is None  # The log has new lines.
    now = 189
    assert detector.warning((1, 5)) is None
