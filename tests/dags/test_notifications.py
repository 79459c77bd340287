"""A run tells once what it came to, as Airflow's DAG processor calls it back."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

SENT = list[Any]
NIGHT = "stanford_cars__nightly_training"
Run = Callable[..., SENT]


@pytest.fixture
def run_ends(dag_bag: Any, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Give the function that lets a run end as the DAG processor does; it returns what was sent."""
    from airflow.callbacks.callback_requests import DagCallbackRequest
    from airflow.dag_processing.processor import _execute_dag_callbacks
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance
    from airflow.sdk.execution_time.xcom import XCom

    monkeypatch.setenv("AIRFLOW_VAR_DEPLOYMENT", "aws")

    def end(
        failed: bool, states: dict[str, str], xcoms: dict[Any, Any], dag_id: str = NIGHT
    ) -> Any:
        from dag_factory import notifications

        sent: SENT = []
        monkeypatch.setattr(notifications, "send", sent.append)
        monkeypatch.setattr(XCom, "get_one", lambda *, task_id, key, **_: xcoms.get((task_id, key)))
        monkeypatch.setattr(
            RuntimeTaskInstance, "get_task_states", lambda **_: {"night": states}, raising=True
        )
        request = DagCallbackRequest(
            filepath="f",
            bundle_name="dags-folder",
            bundle_version=None,
            dag_id=dag_id,
            run_id="night",
            is_failure_callback=failed,
            msg="task_failure",
        )
        _execute_dag_callbacks(dag_bag, request, structlog.get_logger())
        return sent

    return end


def want(monkeypatch: pytest.MonkeyPatch, *events: str) -> None:
    from dag_factory import notifications

    monkeypatch.setattr(notifications, "_wanted", lambda dag_id: events)


def test_a_failed_run_is_told_with_what_to_do(run_ends: Run) -> None:
    (notice,) = run_ends(True, {}, {})
    assert notice.event == "failure"
    assert notice.title == "stanford_cars nightly_training failed"
    assert notice.where.endswith(f"/dags/{NIGHT}/runs/night")
    assert "task failure" in notice.details
    assert "clear the task" in notice.advice


def test_a_task_that_failed_brings_its_own_notes(dag_bag: Any) -> None:
    from dag_factory.notifications import _failure, advice

    dag = dag_bag.dags[NIGHT]
    words = advice(dag.doc_md, "track_transform")
    assert words == (
        "`track_transform`, *SERVING_PRECISION is int8, but this processor*: use another instance "
        "type in `evaluation.transform`, then clear `prepare` and what follows; or set `int8: "
        "never`, then clear `plan` and what follows, which trains again.\n"
        "`track_transform`: one unreadable photo fails the whole job, and the log names it."
    )
    assert advice(dag.doc_md, "a_task_without_notes") == ""
    ti = type("Ti", (), {"task_id": "track_transform"})()
    notice = _failure(dag, "night", {"ti": ti, "reason": "task_failure"})
    assert notice.advice == words
    assert notice.where.endswith("/tasks/track_transform")


def test_the_notes_name_every_task_that_asks_sagemaker_for_something(dag_bag: Any) -> None:
    """A first night on AWS fails there: of a role, a right or a quota."""
    from dag_factory.notifications import advice

    asking = ("submit_", "ensure_", "track_", "deploy", "restore", "register")
    for dag in dag_bag.dags.values():
        for task_id in dag.task_ids:
            if task_id.startswith(asking):
                assert advice(dag.doc_md, task_id), f"{dag.dag_id} has no note on {task_id}"


def test_a_refused_job_is_told_with_the_note_on_it(dag_bag: Any) -> None:
    from dag_factory.notifications import advice

    why = "JobRequestError: SageMaker does not accept training job x: not authorized: iam:PassRole"
    words = advice(dag_bag.dags[NIGHT].doc_md, "submit_train", why)
    assert "the DAG preflight names the fix" in words
    assert "\n" not in words


def test_a_failure_is_told_with_what_the_task_left_of_it(dag_bag: Any) -> None:
    """What happened, where, and of the notes on that task those that quote what it failed of."""
    from dag_factory.notifications import _failure

    dag = dag_bag.dags[NIGHT]
    why = "RecordError: s3://b/cars/recordio/current.json is missing: run the conversion"
    ti = type("Ti", (), {"task_id": "plan"})()
    notice = _failure(dag, "night", {"ti": ti, "reason": "task_failure"}, why)
    assert notice.title.endswith("failed at plan")
    assert notice.details == f"{why}\n\nRun night; the task's log has more."
    assert notice.advice.startswith("`plan`, *recordio/current.json is missing*: run dataset")
    assert "\n" not in notice.advice


def test_the_run_finds_what_its_failed_task_left(run_ends: Run, dag_bag: Any) -> None:
    from dag_factory import notifications

    left = {("plan", "failure"): "BudgetError: too much"}
    sent = run_ends(True, {}, left)
    ti = type("Ti", (), {"task_id": "plan", "map_index": -1})()
    notifications.on_failure({"dag": dag_bag.dags[NIGHT], "run_id": "night", "ti": ti})
    assert "BudgetError" not in sent[0].details
    assert sent[1].details.startswith("BudgetError: too much")


def test_a_failure_is_told_though_its_reason_cannot_be_read(
    dag_bag: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a run is tried out with `dag.test()`, without the DAG processor."""
    from dag_factory import notifications

    sent: SENT = []
    want(monkeypatch, "failure")
    monkeypatch.setattr(notifications, "send", sent.append)
    ti = type("Ti", (), {"task_id": "plan", "map_index": -1})()
    notifications.on_failure({"dag": dag_bag.dags[NIGHT], "run_id": "night", "ti": ti})
    (notice,) = sent
    assert "the task's log has why" in notice.details


def test_a_promotion_is_told_by_default_with_its_figures(run_ends: Run) -> None:
    said = {"event": "promotion", "text": "top-1 0.9 against 0.8"}
    (notice,) = run_ends(False, {"announce": "success"}, {("announce", "notice"): said})
    assert notice.event == "promotion"
    assert notice.details == "top-1 0.9 against 0.8"


def test_each_event_that_a_run_said_is_told_by_itself(
    run_ends: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model that was stale until this night's promotion is two messages, wanted one by one."""
    states = {"plan": "success", "announce": "success"}
    stale, promotion = ({"event": event, "text": f"a {event}"} for event in ("stale", "promotion"))
    xcoms = {("plan", "notice"): stale, ("announce", "notice"): promotion}
    both = [("stale", "a stale"), ("promotion", "a promotion")]
    for events, expected in ((("stale", "promotion"), both), (("failure", "promotion"), both[1:])):
        want(monkeypatch, *events)
        sent = run_ends(False, states, xcoms)
        assert [(notice.event, notice.details) for notice in sent] == expected
        assert [notice.title.rpartition(": ")[2] for notice in sent] == [e for e, _ in expected]


def test_a_run_that_said_nothing_wanted_tells_what_it_came_to(
    run_ends: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    want(monkeypatch, "success")
    said = {("plan", "notice"): {"event": "stale", "text": "old"}}
    (notice,) = run_ends(False, {"announce": "success"}, said)
    assert notice.event == "success"


def test_what_a_task_said_before_it_was_cleared_is_not_told_again(run_ends: Run) -> None:
    """A task that a clear leads past keeps its XComs."""
    said = {("announce", "notice"): {"event": "promotion", "text": "better"}}
    assert run_ends(False, {"plan": "skipped", "announce": "skipped"}, said) == []


@pytest.mark.parametrize("events", [("stale",), ("skip", "stale")])
def test_a_stale_model_is_told_on_the_nights_that_train_nothing(
    run_ends: Run, monkeypatch: pytest.MonkeyPatch, events: tuple[str, ...]
) -> None:
    """Those are the nights by which it grows old; plan says so and then skips itself."""
    want(monkeypatch, *events)
    tasks = ("plan", "submit_train", "track_train", "announce")
    xcoms = {
        ("plan", "notice"): {"event": "stale", "text": "40 days old"},
        ("plan", "reason"): "nothing new to learn",
    }
    sent = run_ends(False, dict.fromkeys(tasks, "skipped"), xcoms)
    found = [(notice.event, notice.details) for notice in sent]
    both = [("stale", "40 days old"), ("skip", "nothing new to learn")]
    assert found == (both if "skip" in events else both[:1])


@pytest.mark.parametrize(
    ("rule", "above", "ran"),
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
def test_a_skipped_task_has_run_where_its_upstream_tasks_let_it(
    rule: str, above: list[str], ran: bool
) -> None:
    from airflow.sdk import DAG, BaseOperator

    from dag_factory.notifications import _has_run

    with DAG("any", schedule=None):
        task = BaseOperator(task_id="last", trigger_rule=rule)
        for number in range(len(above)):
            BaseOperator(task_id=f"t{number}") >> task
    states = {f"t{number}": state for number, state in enumerate(above)}
    assert _has_run(task, {**states, "last": "skipped"}) is ran
    assert _has_run(task, {**states, "last": "failed"})
    assert not _has_run(task, {**states, "last": "upstream_failed"})


def test_a_run_that_failed_tells_that_and_what_was_said_before(run_ends: Run) -> None:
    """A model grows stale by nights that fail; what did not run again says nothing."""
    states = {"plan": "failed", "announce": "upstream_failed"}
    xcoms = {
        ("plan", "notice"): {"event": "stale", "text": "40 days old"},
        ("announce", "notice"): {"event": "promotion", "text": "before the clear"},
    }
    sent = run_ends(True, states, xcoms)
    assert [notice.event for notice in sent] == ["failure", "stale"]
    assert sent[1].details == "40 days old"


def test_a_skip_is_told_only_where_the_pipeline_wants_it(
    run_ends: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = {"plan": "skipped", "announce": "skipped"}
    xcoms = {("plan", "reason"): "nothing new to learn"}
    assert run_ends(False, states, xcoms) == []
    want(monkeypatch, "skip")
    (notice,) = run_ends(False, states, xcoms)
    assert notice.title == "stanford_cars nightly_training skipped plan and what follows"
    assert notice.details == "nothing new to learn"


def test_a_no_to_a_question_is_told_as_what_skipped_the_rest(
    run_ends: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The night trained and registered: what skips is the task before the first skipped one."""
    want(monkeypatch, "skip")
    states = {"plan": "success", "register": "success", "announce": "skipped"}
    xcoms = {("plan", "reason"): "new data", ("register", "reason"): "ana answered Reject"}
    (notice,) = run_ends(False, states, xcoms)
    assert notice.title == "stanford_cars nightly_training skipped announce and what follows"
    assert notice.details == "ana answered Reject"


def test_a_reason_from_before_a_clear_is_not_told(
    run_ends: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task that a clear leads past keeps its XComs."""
    want(monkeypatch, "skip")
    xcoms = {("plan", "reason"): "nothing new", ("announce", "reason"): "keep: worse"}
    (notice,) = run_ends(False, {"plan": "skipped", "announce": "skipped"}, xcoms)
    assert notice.details == "nothing new"


def test_a_success_is_told_only_where_the_pipeline_wants_it(
    run_ends: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    dag_id = "stanford_cars__endpoint_update"
    states = {"publish": "success", "withdraw": "skipped", "restore": "skipped"}
    want(monkeypatch, "success", "skip")
    (notice,) = run_ends(False, states, {("plan", "reason"): "version 2 replaces 1"}, dag_id)
    assert notice.event == "success"
    assert notice.details == "version 2 replaces 1"


def test_a_dag_of_no_pipeline_tells_what_it_found_and_that_it_failed(run_ends: Run) -> None:
    """It has no YAML that could say of what to tell."""
    said = {"event": "orphans", "text": "stopped: training job x"}
    (notice,) = run_ends(False, {}, {("stop_orphans", "notice"): said}, "job_sweep")
    assert notice.title == "job_sweep: orphans"
    assert notice.details == "stopped: training job x"
    assert run_ends(False, {"stop_orphans": "success"}, {}, "job_sweep") == []
    (notice,) = run_ends(True, {}, {}, "job_sweep")
    assert notice.title == "job_sweep failed"


def test_what_cannot_be_told_fails_nothing(
    dag_bag: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dag_factory import notifications

    def away(*_: Any) -> None:
        raise RuntimeError("the database is away")

    monkeypatch.setattr(notifications, "_wanted", away)
    notifications.on_failure({"dag": dag_bag.dags[NIGHT], "run_id": "night"})
    assert "could not be told" in caplog.text


def test_every_dag_has_a_deadline_within_its_time_limit(dag_bag: Any) -> None:
    for dag in dag_bag.dags.values():
        (alert,) = dag.deadline if isinstance(dag.deadline, list) else [dag.deadline]
        assert timedelta() < alert.interval < dag.dagrun_timeout
        assert alert.callback.path == "sagemaker_jobs.notifications.deadlines.deadline_missed"
        assert dag.on_failure_callback
        assert dag.on_success_callback


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("", [(None, None, None)]),
        ("{deadline_minutes: {training: 90}}", [(90, None, None)]),
        ("{events: []}", []),
    ],
)
def test_a_pipeline_names_its_deadlines_or_wants_none(
    pipelines_folder: Path, given: str, expected: list[Any]
) -> None:
    assert intervals(pipelines_folder, f"notifications: {given}" if given else "") == expected


@pytest.mark.parametrize(
    ("base", "prod", "expected"),
    [
        ("{}", "{events: []}", [(None, ["prod"], None)]),
        ("{events: []}", "{events: [deadline]}", [(None, None, ["prod"])]),
        ("{}", "{deadline_minutes: {batch: 9}}", [(None, None, None)]),
        (
            "{deadline_minutes: {training: 90}}",
            "{deadline_minutes: {training: 60}}",
            [(90, ["prod"], None), (60, None, ["prod"])],
        ),
    ],
)
def test_each_deployment_has_its_own_deadlines(
    pipelines_folder: Path, base: str, prod: str, expected: list[Any]
) -> None:
    """The DAG is built before the deployment is known: each alert says which ones it is for."""
    overrides = (
        f"local: {{promotion: {{margin: 0.1}}}}\ndeployments: {{prod: {{notifications: {prod}}}}}"
    )
    assert intervals(pipelines_folder, f"notifications: {base}\n{overrides}") == expected


def intervals(folder: Path, yaml: str) -> list[Any]:
    """Return each alert of the training DAG: minutes unless the default, not_in and only_in."""
    from dag_factory.deadline_alerts import deadlines
    from include.config import find_pipeline

    (folder / "flowers.yaml").write_text(f"source: {{layout: class_folders}}\n{yaml}\n")
    usual = timedelta(hours=5)
    return [
        (
            None if interval == usual else interval / timedelta(minutes=1),
            alert.callback.kwargs.get("not_in") or None,
            alert.callback.kwargs.get("only_in"),
        )
        for alert in deadlines(find_pipeline("flowers"), "nightly_training", usual)
        if isinstance(interval := alert.interval, timedelta)
    ]


def test_a_question_that_was_not_asked_is_not_what_a_run_skipped(
    run_ends: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    want(monkeypatch, "skip")
    states = {"plan": "success", "submit_train": "skipped", "judge": "success"}
    xcoms = {("submit_train", "reason"): "not here", ("announce", "reason"): "keep: worse"}
    (notice,) = run_ends(False, {**states, "announce": "skipped"}, xcoms)
    assert notice.title == "stanford_cars nightly_training skipped announce and what follows"
    assert notice.details == "keep: worse"
