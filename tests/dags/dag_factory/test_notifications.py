"""A run reports its end once, when Airflow's DAG processor calls back."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.dags.dag_factory.conftest import RUN_ID, TRAINING, EndRun


def test_a_failed_run_is_reported_with_advice(end_run: EndRun) -> None:
    (notification,) = end_run(True, {}, {})
    assert notification.event == "failure"
    assert notification.title == "stanford_cars nightly_training failed"
    assert notification.where.endswith(f"/dags/{TRAINING}/runs/{RUN_ID}")
    assert "task failure" in notification.details
    assert "clear the task" in notification.advice


def test_a_failure_is_reported_with_its_error_and_the_notes_that_quote_it(dag_bag: Any) -> None:
    """Without these quotes the message would hold all notes of the task."""
    from dag_factory.notifications import _failure

    dag = dag_bag.dags[TRAINING]
    why = "RecordError: s3://b/cars/recordio/current.json is missing: run the conversion"
    ti = type("Ti", (), {"task_id": "plan"})()
    notification = _failure(dag, RUN_ID, {"ti": ti, "reason": "task_failure"}, why)
    assert notification.title.endswith("failed at plan")
    assert notification.details == f"{why}\n\nRun {RUN_ID}; the task's log has more."
    assert notification.advice.startswith("*recordio/current.json ... is missing*: run dataset")
    assert "\n" not in notification.advice


def test_a_failed_run_finds_the_error_that_its_task_recorded(end_run: EndRun, dag_bag: Any) -> None:
    from dag_factory import notifications

    left = {("plan", "failure"): "BudgetError: too much"}
    sent = end_run(True, {}, left)
    ti = type("Ti", (), {"task_id": "plan", "map_index": -1})()
    notifications.on_failure({"dag": dag_bag.dags[TRAINING], "run_id": RUN_ID, "ti": ti})
    assert "BudgetError" not in sent[0].details
    assert sent[1].details.startswith("BudgetError: too much")


def test_a_failure_is_reported_if_its_error_cannot_be_read(
    dag_bag: Any, monkeypatch: pytest.MonkeyPatch, wanted_events: Callable[..., None]
) -> None:
    """For example while Airflow's API does not answer."""
    from dag_factory import notifications

    sent: list[Any] = []
    wanted_events("failure")
    monkeypatch.setattr(notifications, "send", sent.append)
    ti = type("Ti", (), {"task_id": "plan", "map_index": -1})()
    notifications.on_failure({"dag": dag_bag.dags[TRAINING], "run_id": RUN_ID, "ti": ti})
    (notification,) = sent
    assert "the task's log has the error" in notification.details


def test_a_run_of_airflow_dags_test_is_not_reported(
    dag_bag: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It calls back in a process without a connection to Airflow's API."""
    from airflow.sdk.execution_time import task_runner

    from dag_factory import notifications

    sent: list[Any] = []
    monkeypatch.setattr(notifications, "send", sent.append)
    monkeypatch.delattr(task_runner, "SUPERVISOR_COMMS")
    caplog.set_level("INFO")
    context = {"dag": dag_bag.dags[TRAINING], "run_id": RUN_ID}
    notifications.on_failure(context)
    notifications.on_success(context)
    assert sent == []
    assert caplog.text.count("is a test of its DAG") == 2
    assert "ERROR" not in caplog.text


def test_a_promotion_is_reported_by_default_with_its_figures(end_run: EndRun) -> None:
    queued = {"event": "promotion", "text": "top-1 0.9 against 0.8"}
    (notification,) = end_run(False, {"announce": "success"}, {("announce", "notice"): queued})
    assert notification.event == "promotion"
    assert notification.details == "top-1 0.9 against 0.8"
    assert "/image-models/-/of/" in notification.page
    assert f"Model: {notification.page}" in notification.text


def test_each_queued_event_is_a_message_of_its_own(
    end_run: EndRun, wanted_events: Callable[..., None]
) -> None:
    """A model that was stale until this run's promotion gives two messages."""
    states = {"plan": "success", "announce": "success"}
    stale, promotion = ({"event": event, "text": f"a {event}"} for event in ("stale", "promotion"))
    xcoms = {("plan", "notice"): stale, ("announce", "notice"): promotion}
    both = [("stale", "a stale"), ("promotion", "a promotion")]
    for events, expected in ((("stale", "promotion"), both), (("failure", "promotion"), both[1:])):
        wanted_events(*events)
        sent = end_run(False, states, xcoms)
        assert [(notification.event, notification.details) for notification in sent] == expected
        assert [notification.title.rpartition(": ")[2] for notification in sent] == [
            e for e, _ in expected
        ]


def test_a_success_is_reported_if_no_wanted_notification_is_queued(
    end_run: EndRun, wanted_events: Callable[..., None]
) -> None:
    wanted_events("success")
    queued = {("plan", "notice"): {"event": "stale", "text": "old"}}
    (notification,) = end_run(False, {"announce": "success"}, queued)
    assert notification.event == "success"


def test_a_notification_from_before_a_clear_is_not_sent_again(end_run: EndRun) -> None:
    """A cleared task that does not run again keeps its XComs."""
    queued = {("announce", "notice"): {"event": "promotion", "text": "better"}}
    assert end_run(False, {"plan": "skipped", "announce": "skipped"}, queued) == []


@pytest.mark.parametrize("events", [("stale",), ("skip", "stale")])
def test_a_stale_model_is_reported_by_runs_that_train_nothing(
    end_run: EndRun, wanted_events: Callable[..., None], events: tuple[str, ...]
) -> None:
    """`plan` queues the notification and then skips itself."""
    wanted_events(*events)
    tasks = ("plan", "submit_train", "track_train", "announce")
    xcoms = {
        ("plan", "notice"): {"event": "stale", "text": "40 days old"},
        ("plan", "reason"): "nothing new to learn",
    }
    sent = end_run(False, dict.fromkeys(tasks, "skipped"), xcoms)
    found = [(notification.event, notification.details) for notification in sent]
    both = [("stale", "40 days old"), ("skip", "nothing new to learn")]
    assert found == (both if "skip" in events else both[:1])


@pytest.mark.parametrize(
    ("rule", "upstream_states", "ran"),
    [
        ("all_success", ["success", "success"], True),
        ("all_success", ["success", "skipped"], False),
        ("all_success", [], True),
        ("none_failed_min_one_success", ["success", "skipped"], True),
        ("none_failed_min_one_success", ["skipped", "skipped"], False),
        ("none_failed_min_one_success", ["success", "upstream_failed"], False),
        ("one_failed", ["failed"], True),
        ("one_failed", ["success"], False),
    ],
)
def test_a_skipped_task_has_run_if_its_trigger_rule_was_fulfilled(
    rule: str, upstream_states: list[str], ran: bool
) -> None:
    from airflow.sdk import DAG, BaseOperator

    from dag_factory.notifications import _has_run

    with DAG("any", schedule=None):
        task = BaseOperator(task_id="last", trigger_rule=rule)
        for number in range(len(upstream_states)):
            BaseOperator(task_id=f"t{number}") >> task
    states = {f"t{number}": state for number, state in enumerate(upstream_states)}
    assert _has_run(task, {**states, "last": "skipped"}) is ran
    assert _has_run(task, {**states, "last": "failed"})
    assert not _has_run(task, {**states, "last": "upstream_failed"})


def test_a_failed_run_is_reported_with_the_notifications_queued_before(end_run: EndRun) -> None:
    """A model also grows stale if runs fail."""
    states = {"plan": "failed", "announce": "upstream_failed"}
    xcoms = {
        ("plan", "notice"): {"event": "stale", "text": "40 days old"},
        ("announce", "notice"): {"event": "promotion", "text": "before the clear"},
    }
    sent = end_run(True, states, xcoms)
    assert [notification.event for notification in sent] == ["failure", "stale"]
    assert sent[1].details == "40 days old"


def test_a_skip_is_reported_only_if_the_pipeline_wants_it(
    end_run: EndRun, wanted_events: Callable[..., None]
) -> None:
    states = {"plan": "skipped", "announce": "skipped"}
    xcoms = {("plan", "reason"): "nothing new to learn"}
    assert end_run(False, states, xcoms) == []
    wanted_events("skip")
    (notification,) = end_run(False, states, xcoms)
    assert notification.title == "stanford_cars nightly_training skipped plan and downstream tasks"
    assert notification.details == "nothing new to learn"


def test_a_rejection_by_a_user_is_reported_as_the_reason_of_the_skip(
    end_run: EndRun, wanted_events: Callable[..., None]
) -> None:
    """The run trained and registered; the task before the first skipped one has the reason."""
    wanted_events("skip")
    states = {"plan": "success", "register": "success", "announce": "skipped"}
    xcoms = {("plan", "reason"): "new data", ("register", "reason"): "ana answered Reject"}
    (notification,) = end_run(False, states, xcoms)
    assert (
        notification.title == "stanford_cars nightly_training skipped announce and downstream tasks"
    )
    assert notification.details == "ana answered Reject"


def test_a_reason_from_before_a_clear_is_not_reported(
    end_run: EndRun, wanted_events: Callable[..., None]
) -> None:
    """A cleared task that does not run again keeps its XComs."""
    wanted_events("skip")
    xcoms = {("plan", "reason"): "nothing new", ("announce", "reason"): "keep: worse"}
    (notification,) = end_run(False, {"plan": "skipped", "announce": "skipped"}, xcoms)
    assert notification.details == "nothing new"


def test_a_success_is_reported_only_if_the_pipeline_wants_it(
    end_run: EndRun, wanted_events: Callable[..., None]
) -> None:
    dag_id = "stanford_cars__endpoint_update"
    states = {"publish": "success", "withdraw": "skipped", "restore": "skipped"}
    wanted_events("success", "skip")
    (notification,) = end_run(False, states, {("plan", "reason"): "version 2 replaces 1"}, dag_id)
    assert notification.event == "success"
    assert notification.details == "version 2 replaces 1"


def test_a_dag_without_a_pipeline_reports_orphans_and_failures(end_run: EndRun) -> None:
    """It has no YAML file that could choose other events."""
    queued = {"event": "orphans", "text": "stopped: training job x"}
    (notification,) = end_run(False, {}, {("stop_orphans", "notice"): queued}, "job_sweep")
    assert notification.title == "job_sweep: orphans"
    assert notification.details == "stopped: training job x"
    assert end_run(False, {"stop_orphans": "success"}, {}, "job_sweep") == []
    (notification,) = end_run(True, {}, {}, "job_sweep")
    assert notification.title == "job_sweep failed"


def test_an_error_in_a_notification_is_logged_only(
    dag_bag: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dag_factory import notifications

    def fail(*_: Any) -> None:
        raise RuntimeError("the database is down")

    monkeypatch.setattr(notifications, "_wanted", fail)
    notifications.on_failure({"dag": dag_bag.dags[TRAINING], "run_id": RUN_ID})
    assert "could not be reported" in caplog.text


def test_a_question_that_was_not_asked_is_not_reported_as_the_skip(
    end_run: EndRun, wanted_events: Callable[..., None]
) -> None:
    wanted_events("skip")
    states = {"plan": "success", "submit_train": "skipped", "judge": "success"}
    xcoms = {("submit_train", "reason"): "not here", ("announce", "reason"): "keep: worse"}
    (notification,) = end_run(False, {**states, "announce": "skipped"}, xcoms)
    assert (
        notification.title == "stanford_cars nightly_training skipped announce and downstream tasks"
    )
    assert notification.details == "keep: worse"
