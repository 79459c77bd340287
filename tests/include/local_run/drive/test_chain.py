"""The chain follows runs that assets trigger, triggers the others, and names the failed task."""

from __future__ import annotations

import io
from typing import Any

import pytest

from include.decisions.decision import Decision
from include.local_run.drive import chain as chain_module
from include.local_run.drive import run_follower
from include.local_run.drive.airflow_api import AirflowApi
from include.local_run.drive.chain import LOCAL_FAMILIES, Chain, DagRunFailedError
from include.local_run.drive.clients import AwsClients
from include.local_run.drive.dag_run import DagRun
from include.local_run.drive.progress_display import ProgressDisplay
from include.local_run.drive.run_follower import RunFollower

REFRESH, CONVERSION = "cars__dataset_refresh", "cars__im2rec_conversion"


def _nothing() -> None:
    return None


def _task(task_id: str, state: str) -> dict[str, Any]:
    dates = {"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-01-01T00:00:02Z"}
    return {"task_id": task_id, "state": state, "try_number": 1, **dates}


@pytest.fixture
def chain(api: AirflowApi, display: ProgressDisplay, monkeypatch: pytest.MonkeyPatch) -> Chain:
    monkeypatch.setattr(run_follower, "POLL_INTERVAL", 0.0)
    monkeypatch.setattr(chain_module, "ASSET_TIMEOUT", 0.3)
    follower = RunFollower(api, AwsClients(None, None, None, None), display, _nothing, epochs=1)
    return Chain("cars", api, follower, display, _nothing)


def _work_to_do() -> Decision:
    return Decision(True, "RecordIO abc does not exist yet")


def _no_work() -> Decision:
    return Decision(False, "RecordIO abc exists")


def test_all_five_dags_are_unpaused(chain: Chain, airflow: Any) -> None:
    chain.unpause_all()
    assert airflow.unpaused == {f"cars__{family}" for family in LOCAL_FAMILIES}
    assert not airflow.triggered


def test_a_run_that_an_asset_triggers_is_not_triggered_again(chain: Chain, airflow: Any) -> None:
    """Protects against converting twice: once for the asset, once for the command."""
    airflow.triggers = {REFRESH: CONVERSION}
    airflow.tasks = {REFRESH: [_task("publish", "success")]}
    chain.unpause_all()
    refreshed = chain.run("dataset_refresh")
    assert refreshed.succeeded("publish")
    assert chain.run_after_asset("im2rec_conversion", refreshed.run, _no_work) is None
    assert airflow.triggered == [REFRESH]
    assert chain.states() == {REFRESH: "success", CONVERSION: "success"}


def test_no_run_is_awaited_if_the_asset_was_not_updated(chain: Chain, airflow: Any) -> None:
    """Protects a second `make run` from waiting for a run that never starts."""
    chain.unpause_all()
    chain.run("dataset_refresh")
    assert chain.run_after_asset("im2rec_conversion", None, _no_work) == "RecordIO abc exists"
    assert airflow.triggered == [REFRESH]


@pytest.mark.parametrize("updated", [True, False])
def test_work_that_an_earlier_stop_left_is_triggered(
    chain: Chain, airflow: Any, updated: bool
) -> None:
    chain.unpause_all()
    update = DagRun(REFRESH, "refresh", "success") if updated else None
    assert chain.run_after_asset("im2rec_conversion", update, _work_to_do) is None
    assert airflow.triggered == [CONVERSION]


def test_unfinished_runs_are_followed_first(
    chain: Chain, airflow: Any, output: io.StringIO
) -> None:
    airflow.add_run(REFRESH, "left over")
    airflow.add_run(CONVERSION, "long done", "failed")
    chain.unpause_all()
    assert "following run left over, unfinished since an earlier stop" in output.getvalue()
    assert airflow.runs[REFRESH][0]["state"] == "success"
    chain.run_after_asset("im2rec_conversion", None, _work_to_do)
    assert airflow.triggered == [CONVERSION], "an old run is not taken for the new one"


def test_the_run_of_this_command_is_followed_not_that_of_an_earlier_stop(
    chain: Chain, airflow: Any
) -> None:
    """Otherwise the command would end before the new model is deployed."""
    airflow.triggers = {REFRESH: CONVERSION}
    airflow.add_run(REFRESH, "left over")
    chain.unpause_all()
    refreshed = chain.run("dataset_refresh")
    assert [run["dag_run_id"] for run in airflow.runs[CONVERSION]] == [
        "triggered by manual 1",
        "triggered by left over",
    ]
    assert chain.run_after_asset("im2rec_conversion", refreshed.run, _no_work) is None
    assert chain.finished["im2rec_conversion"].run.run_id == "triggered by manual 1"


def test_a_run_beside_that_of_an_asset_is_followed_with_it(chain: Chain, airflow: Any) -> None:
    airflow.triggers = {REFRESH: CONVERSION}
    airflow.tasks = {REFRESH: [_task("publish", "success")]}
    chain.unpause_all()
    refreshed = chain.run("dataset_refresh")
    batch = chain.run_beside_asset("batch_inference", "im2rec_conversion", refreshed.run, _no_work)
    assert batch.run.dag_id == "cars__batch_inference"
    assert airflow.triggered == [REFRESH, "cars__batch_inference"]
    assert set(chain.finished) == {"dataset_refresh", "im2rec_conversion", "batch_inference"}


def test_a_run_needs_no_other_beside_it(chain: Chain, airflow: Any) -> None:
    chain.unpause_all()
    chain.run_beside_asset("batch_inference", "im2rec_conversion", None, _no_work)
    assert set(chain.finished) == {"batch_inference"}


def test_of_two_runs_the_failed_one_is_named(chain: Chain, airflow: Any) -> None:
    airflow.outcomes = {CONVERSION: "failed"}
    airflow.tasks = {CONVERSION: [_task("track_im2rec", "failed")]}
    chain.unpause_all()
    with pytest.raises(DagRunFailedError, match=f"{CONVERSION}: task track_im2rec failed"):
        chain.run_beside_asset("batch_inference", "im2rec_conversion", None, _work_to_do)
    assert chain.states()["cars__batch_inference"] == "success"


def test_a_skip_is_reported_with_reason(chain: Chain, airflow: Any, output: io.StringIO) -> None:
    airflow.tasks = {REFRESH: [_task("plan", "skipped"), _task("submit_refresh", "skipped")]}
    airflow.xcoms = {("plan", "reason"): "the source is unchanged"}
    chain.unpause_all()
    assert chain.run("dataset_refresh").skipped == "the source is unchanged"
    assert output.getvalue().count("skipped") == 1


def test_a_failure_names_dag_task_and_reason(chain: Chain, airflow: Any) -> None:
    airflow.outcomes = {REFRESH: "failed"}
    airflow.tasks = {
        REFRESH: [_task("track_refresh", "failed"), _task("publish", "upstream_failed")]
    }
    airflow.logs = [
        {"event": "starting", "level": "info"},
        {
            "event": "Task failed",
            "level": "error",
            "error_detail": [{"exc_type": "JobFailed", "exc_value": "the devkit\nis missing"}],
        },
        {"event": "Marking task as FAILED", "level": "info"},
    ]
    chain.unpause_all()
    with pytest.raises(DagRunFailedError) as error:
        chain.run("dataset_refresh")
    assert str(error.value) == (
        f"{REFRESH}: task track_refresh failed: JobFailed: the devkit is missing"
    )


def test_a_failed_component_ends_the_wait(
    chain: Chain, airflow: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise RuntimeError("the scheduler is gone")

    chain.check = broken
    chain.unpause_all()
    update = DagRun(REFRESH, "refresh", "success")
    with pytest.raises(RuntimeError, match="scheduler"):
        chain.run_after_asset("im2rec_conversion", update, _work_to_do)
