"""The chain waits for what comes, triggers what does not, and names what failed."""

from __future__ import annotations

import io
from typing import Any

import pytest

from include.decisions.decision import Decision
from include.local_run.drive import chain as chain_module
from include.local_run.drive import follow
from include.local_run.drive.airflow_api import AirflowApi
from include.local_run.drive.chain import FAMILIES, Chain, RunFailed
from include.local_run.drive.clients import Aws
from include.local_run.drive.follow import Follower
from include.local_run.drive.show import Show

REFRESH, CONVERSION = "cars__dataset_refresh", "cars__im2rec_conversion"


def _nothing() -> None:
    return None


def _task(task_id: str, state: str) -> dict[str, Any]:
    dates = {"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-01-01T00:00:02Z"}
    return {"task_id": task_id, "state": state, "try_number": 1, **dates}


@pytest.fixture
def chain(api: AirflowApi, show: Show, monkeypatch: pytest.MonkeyPatch) -> Chain:
    monkeypatch.setattr(follow, "POLL_EVERY", 0.0)
    monkeypatch.setattr(chain_module, "ASSET_PATIENCE", 0.3)
    follower = Follower(api, Aws(None, None, None, None), show, _nothing, epochs=1)
    return Chain("cars", api, follower, show, _nothing)


def _needed() -> Decision:
    return Decision(True, "RecordIO abc does not exist yet")


def _not_needed() -> Decision:
    return Decision(False, "RecordIO abc exists")


def test_all_five_dags_are_switched_on(chain: Chain, airflow: Any) -> None:
    chain.switch_on()
    assert airflow.unpaused == {f"cars__{family}" for family in FAMILIES}
    assert not airflow.triggered


def test_a_woken_run_is_followed_and_not_triggered_again(chain: Chain, airflow: Any) -> None:
    """Protects against converting twice: once by the asset, once by hand."""
    airflow.wake = {REFRESH: CONVERSION}
    airflow.tasks = {REFRESH: [_task("publish", "success")]}
    chain.switch_on()
    refreshed = chain.run("dataset_refresh")
    assert refreshed.succeeded("publish")
    assert chain.run_woken("im2rec_conversion", True, _not_needed) is None
    assert airflow.triggered == [REFRESH]
    assert chain.states() == {REFRESH: "success", CONVERSION: "success"}


def test_nothing_is_waited_for_when_nothing_was_published(chain: Chain, airflow: Any) -> None:
    """Protects a second run from waiting for a run that will not come."""
    chain.switch_on()
    chain.run("dataset_refresh")
    assert chain.run_woken("im2rec_conversion", False, _not_needed) == "RecordIO abc exists"
    assert airflow.triggered == [REFRESH]


@pytest.mark.parametrize("woken", [True, False])
def test_what_an_earlier_stop_left_undone_is_triggered(
    chain: Chain, airflow: Any, woken: bool
) -> None:
    chain.switch_on()
    assert chain.run_woken("im2rec_conversion", woken, _needed) is None
    assert airflow.triggered == [CONVERSION]


def test_runs_of_earlier_starts_are_seen_to_their_end_first(
    chain: Chain, airflow: Any, said: io.StringIO
) -> None:
    airflow.add_run(REFRESH, "left over")
    airflow.add_run(CONVERSION, "long done", "failed")
    chain.switch_on()
    assert "following run left over, left by an earlier stop" in said.getvalue()
    assert airflow.runs[REFRESH][0]["state"] == "success"
    chain.run_woken("im2rec_conversion", True, _needed)
    assert airflow.triggered == [CONVERSION], "an old run is not taken for the woken one"


def test_a_skip_is_told_with_its_reason(chain: Chain, airflow: Any, said: io.StringIO) -> None:
    airflow.tasks = {REFRESH: [_task("plan", "skipped"), _task("submit_refresh", "skipped")]}
    airflow.xcoms = {("plan", "reason"): "the source is unchanged"}
    chain.switch_on()
    assert chain.run("dataset_refresh").skipped == "the source is unchanged"
    assert said.getvalue().count("skipped") == 1


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
    chain.switch_on()
    with pytest.raises(RunFailed) as error:
        chain.run("dataset_refresh")
    assert str(error.value) == (
        f"{REFRESH}: task track_refresh failed: JobFailed: the devkit is missing"
    )


def test_a_stack_that_breaks_down_ends_the_waiting(
    chain: Chain, airflow: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise RuntimeError("the scheduler is gone")

    chain.check = broken
    chain.switch_on()
    with pytest.raises(RuntimeError, match="scheduler"):
        chain.run_woken("im2rec_conversion", True, _needed)
