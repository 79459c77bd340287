"""The tasks of dataset refresh, called without a run, with sources that change or are unready."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest
from airflow.sdk.exceptions import AirflowSkipException
from moto import mock_aws

from include.config import Pipeline, find_pipeline
from include.decisions.dataset.readiness import SourceNotReadyError
from include.storage.layout import Layout
from include.storage.records import RecordError
from tests.dags.task_calls import BUCKET, call_task, event_facts, task_context


@dataclass
class Tasks:
    """The task functions of one pipeline's refresh, with S3 in memory."""

    dag: Any
    s3: Any
    pipeline: Pipeline
    monkeypatch: pytest.MonkeyPatch
    context: dict[str, Any] = field(default_factory=dict)

    def call(self, task: str, *args: Any) -> Any:
        """Call a task's function as its pipeline."""
        function = self.dag.get_task(task).python_callable
        params, self.context = {"force": False}, task_context()
        return call_task(
            function, self.s3, self.pipeline, params, self.monkeypatch, *args, context=self.context
        )

    def put(self, name: str, content: bytes) -> None:
        """Write an object below the pipeline's folder."""
        self.s3.put_object(Bucket=BUCKET, Key=f"{self.pipeline.name}/{name}", Body=content)

    def look_back(self, minutes: float) -> None:
        """Let the last look at the source be so much longer ago."""
        key = Layout(BUCKET, self.pipeline.name).source_seen
        seen = json.loads(self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())
        since = datetime.fromisoformat(seen["since"]) - timedelta(minutes=minutes)
        body = json.dumps({**seen, "since": since.isoformat()}).encode()
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)

    def set(self, **source: Any) -> None:
        """Change the source's settings."""
        changed = self.pipeline.source.model_copy(update=source)
        self.pipeline = self.pipeline.model_copy(update={"source": changed})


@pytest.fixture
def tasks(dag_bag: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tasks]:
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket=BUCKET)
        tasks = Tasks(
            dag_bag.dags["merch__dataset_refresh"], s3, find_pipeline("merch"), monkeypatch
        )
        tasks.set(settle_minutes=0)
        yield tasks


def _refresh(tasks: Tasks, meanwhile: bytes | None = None) -> dict[str, Any]:
    planned = tasks.call("plan")
    if meanwhile is not None:
        tasks.put("source/a.zip", meanwhile)
    return _publish(tasks, planned, "v", f"job of {planned['fingerprint']}")


def _publish(
    tasks: Tasks, planned: dict[str, Any], version: str, name: str, **more: Any
) -> dict[str, Any]:
    """Publish the result of a job of this name: a version without images."""
    job, report = {"job_name": name}, {"version": version, **more}
    tasks.put(f"dataset/runs/{name}/dataset.json", json.dumps(report).encode())
    tasks.put(f"dataset/versions/{version}/manifest.jsonl", b"")
    summary: dict[str, Any] = tasks.call("publish", planned["fingerprint"], planned["pointer"], job)
    return summary


def test_an_unchanged_source_is_not_read_again(tasks: Tasks) -> None:
    tasks.put("source/a.zip", b"one")
    assert _refresh(tasks)["changed_while_read"] is False
    with pytest.raises(AirflowSkipException, match="unchanged since dataset v"):
        tasks.call("plan")


def test_a_source_that_changed_while_it_was_read_is_read_again(tasks: Tasks) -> None:
    """Even if it changed back: the job may have read either state."""
    tasks.put("source/a.zip", b"one")
    assert _refresh(tasks, meanwhile=b"two")["changed_while_read"] is True
    tasks.put("source/a.zip", b"one")
    assert _refresh(tasks)["changed_while_read"] is False
    with pytest.raises(AirflowSkipException):
        tasks.call("plan")


def test_a_cleared_publish_of_an_older_run_does_not_move_the_pointer_back(tasks: Tasks) -> None:
    """Otherwise the next refresh would split relative to the older version."""
    tasks.put("source/a.zip", b"one")
    older = tasks.call("plan")
    _publish(tasks, older, "v1", "job-1")
    tasks.put("source/a.zip", b"two")
    _publish(tasks, tasks.call("plan"), "v2", "job-2")
    with pytest.raises(AirflowSkipException, match="names version v2 of job job-2"):
        _publish(tasks, older, "v1", "job-1")
    body = tasks.s3.get_object(Bucket=BUCKET, Key="merch/dataset/current.json")["Body"]
    assert json.loads(body.read())["version"] == "v2"


def test_the_next_refresh_reads_the_ledger_of_the_current_job(tasks: Tasks) -> None:
    def inputs() -> dict[str, str]:
        given = tasks.call("plan")["request"]["config"]["ProcessingInputs"]
        return {entry["InputName"]: entry["S3Input"]["S3Uri"] for entry in given}

    tasks.put("source/a.zip", b"one")
    _publish(tasks, tasks.call("plan"), "v1", "job-1")
    tasks.put("source/a.zip", b"two")
    assert "ledger" not in inputs(), "job-1 is from before there were ledgers"
    _publish(tasks, tasks.call("plan"), "v2", "job-2", ledger_photos=3)
    tasks.put("source/a.zip", b"three")
    with pytest.raises(RecordError, match=r"split ledger .*job-2/splits\.jsonl\.gz is missing"):
        inputs()
    tasks.put("dataset/ledgers/job-2/splits.jsonl.gz", b"")
    assert inputs()["ledger"] == f"s3://{BUCKET}/merch/dataset/ledgers/job-2/splits.jsonl.gz"


def test_a_retry_of_publish_after_its_write_succeeds(tasks: Tasks) -> None:
    tasks.put("source/a.zip", b"one")
    planned = tasks.call("plan")
    first = _publish(tasks, planned, "v1", "job-1")
    assert _publish(tasks, planned, "v1", "job-1") == first
    facts = event_facts(tasks.context)
    assert (facts["version"], facts["job"]) == ("v1", "job-1")
    assert facts["report"] == f"s3://{BUCKET}/merch/dataset/versions/v1/report.html"


def test_a_source_without_its_marker_is_skipped_and_the_marker_is_no_change(tasks: Tasks) -> None:
    tasks.set(complete_marker="_SUCCESS")
    tasks.put("source/a.zip", b"one")
    with pytest.raises(AirflowSkipException, match="source/_SUCCESS is missing"):
        tasks.call("plan")
    tasks.put("source/_SUCCESS", b"")
    _refresh(tasks)
    tasks.put("source/_SUCCESS", b"again")
    with pytest.raises(AirflowSkipException, match="unchanged"):
        tasks.call("plan")


def test_a_source_that_is_being_uploaded_is_retried(tasks: Tasks) -> None:
    tasks.set(settle_minutes=5)
    tasks.put("source/a.zip", b"one")
    with pytest.raises(SourceNotReadyError, match="must stay unchanged for 5 minutes"):
        tasks.call("plan")
    policy = tasks.dag.get_task("plan").retry_policy
    decision = policy.evaluate(SourceNotReadyError("still"), 1, 3, None)
    assert (decision.action.value, decision.retry_delay.total_seconds()) == ("retry", 600)


def test_a_retry_finds_since_when_the_source_is_unchanged(tasks: Tasks) -> None:
    tasks.set(settle_minutes=5)
    tasks.put("source/a.zip", b"one")
    with pytest.raises(SourceNotReadyError):
        tasks.call("plan")
    tasks.look_back(minutes=5)
    planned = tasks.call("plan")
    _publish(tasks, planned, "v1", "job-1")
    with pytest.raises(AirflowSkipException, match="unchanged since dataset v1"):
        tasks.call("plan")
