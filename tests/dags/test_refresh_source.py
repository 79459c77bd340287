"""The tasks of dataset refresh, called without a run, with sources that change or are unready."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowSkipException

from include.decisions.dataset.readiness import SourceNotReadyError
from include.storage.records import RecordError
from tests.dags.refresh_tasks import RefreshTasks, refresh_tasks
from tests.dags.task_calls import BUCKET, event_facts


@pytest.fixture
def tasks(dag_bag: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[RefreshTasks]:
    with refresh_tasks(dag_bag, monkeypatch) as tasks:
        yield tasks


def _refresh(tasks: RefreshTasks, meanwhile: bytes | None = None) -> dict[str, Any]:
    planned = tasks.call("plan")
    if meanwhile is not None:
        tasks.put("source/a.zip", meanwhile)
    return tasks.publish(planned, "v", f"job of {planned['fingerprint']}")


def test_an_unchanged_source_is_not_read_again(tasks: RefreshTasks) -> None:
    tasks.put("source/a.zip", b"one")
    assert _refresh(tasks)["changed_while_read"] is False
    with pytest.raises(AirflowSkipException, match="unchanged since dataset v"):
        tasks.call("plan")


def test_a_source_that_changed_while_it_was_read_is_read_again(tasks: RefreshTasks) -> None:
    """Even if it changed back: the job may have read either state."""
    tasks.put("source/a.zip", b"one")
    assert _refresh(tasks, meanwhile=b"two")["changed_while_read"] is True
    tasks.put("source/a.zip", b"one")
    assert _refresh(tasks)["changed_while_read"] is False
    with pytest.raises(AirflowSkipException):
        tasks.call("plan")


def test_a_cleared_publish_of_an_older_run_does_not_move_the_pointer_back(
    tasks: RefreshTasks,
) -> None:
    """Otherwise the next refresh would split relative to the older version."""
    tasks.put("source/a.zip", b"one")
    older = tasks.call("plan")
    tasks.publish(older, "v1", "job-1")
    tasks.put("source/a.zip", b"two")
    tasks.publish(tasks.call("plan"), "v2", "job-2")
    with pytest.raises(AirflowSkipException, match="names version v2 of job job-2"):
        tasks.publish(older, "v1", "job-1")
    body = tasks.s3.get_object(Bucket=BUCKET, Key="merch/dataset/current.json")["Body"]
    assert json.loads(body.read())["version"] == "v2"


def test_the_next_refresh_reads_the_ledger_of_the_current_job(tasks: RefreshTasks) -> None:
    def inputs() -> dict[str, str]:
        given = tasks.call("plan")["request"]["config"]["ProcessingInputs"]
        return {entry["InputName"]: entry["S3Input"]["S3Uri"] for entry in given}

    tasks.put("source/a.zip", b"one")
    tasks.publish(tasks.call("plan"), "v1", "job-1")
    tasks.put("source/a.zip", b"two")
    assert "ledger" not in inputs(), "job-1 is from before there were ledgers"
    tasks.publish(tasks.call("plan"), "v2", "job-2", ledger_photos=3)
    tasks.put("source/a.zip", b"three")
    with pytest.raises(RecordError, match=r"split ledger .*job-2/splits\.jsonl\.gz is missing"):
        inputs()
    tasks.put("dataset/ledgers/job-2/splits.jsonl.gz", b"")
    assert inputs()["ledger"] == f"s3://{BUCKET}/merch/dataset/ledgers/job-2/"


def test_a_retry_of_publish_after_its_write_succeeds(tasks: RefreshTasks) -> None:
    tasks.put("source/a.zip", b"one")
    planned = tasks.call("plan")
    first = tasks.publish(planned, "v1", "job-1")
    assert tasks.publish(planned, "v1", "job-1") == first
    facts = event_facts(tasks.context)
    assert (facts["version"], facts["job"]) == ("v1", "job-1")
    assert facts["report"] == f"s3://{BUCKET}/merch/dataset/versions/v1/report.html"


def test_a_source_without_its_marker_is_skipped_and_the_marker_is_no_change(
    tasks: RefreshTasks,
) -> None:
    tasks.set(complete_marker="_SUCCESS")
    tasks.put("source/a.zip", b"one")
    with pytest.raises(AirflowSkipException, match="source/_SUCCESS is missing"):
        tasks.call("plan")
    tasks.put("source/_SUCCESS", b"")
    _refresh(tasks)
    tasks.put("source/_SUCCESS", b"again")
    with pytest.raises(AirflowSkipException, match="unchanged"):
        tasks.call("plan")


def test_a_source_that_is_being_uploaded_is_retried(tasks: RefreshTasks) -> None:
    tasks.set(settle_minutes=5)
    tasks.put("source/a.zip", b"one")
    with pytest.raises(SourceNotReadyError, match="must stay unchanged for 5 minutes"):
        tasks.call("plan")
    policy = tasks.dag.get_task("plan").retry_policy
    decision = policy.evaluate(SourceNotReadyError("still"), 1, 3, None)
    assert (decision.action.value, decision.retry_delay.total_seconds()) == ("retry", 600)


def test_a_retry_finds_since_when_the_source_is_unchanged(tasks: RefreshTasks) -> None:
    tasks.set(settle_minutes=5)
    tasks.put("source/a.zip", b"one")
    with pytest.raises(SourceNotReadyError):
        tasks.call("plan")
    tasks.look_back(minutes=5)
    planned = tasks.call("plan")
    tasks.publish(planned, "v1", "job-1")
    with pytest.raises(AirflowSkipException, match="unchanged since dataset v1"):
        tasks.call("plan")
