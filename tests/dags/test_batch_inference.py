"""The tasks of batch inference, called without a run: what they record if they are skipped."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowSkipException

from include.config import Deployment, find_pipeline
from include.decisions.registry.packages import Package
from include.storage.layout import Layout
from tests.dags.task_calls import running, task_context
from tests.include.decisions.memory_s3 import MemoryS3

LAYOUT = Layout("some-bucket", "merch")
JOB = {"job_name": "j", "seconds": 2, "outputs": {"transform": "s3://t", "result": "s3://r"}}


@pytest.fixture
def s3() -> MemoryS3:
    return MemoryS3()


@pytest.fixture
def call(dag_bag: Any, s3: MemoryS3, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the function that calls a task of the DAG."""
    package = Package("arn:x/2", "Approved", "image:1", "s3://b/m", {"dataset_version": "d1"})
    monkeypatch.setattr("include.decisions.batch.plan.choose_batch_model", lambda *_: package)
    run = SimpleNamespace(
        s3=s3,
        sagemaker=None,
        bucket="some-bucket",
        pipeline=find_pipeline("merch"),
        layout=LAYOUT,
        deployment=Deployment(
            "testing", "some-bucket", "arn:aws:iam::123456789012:role/jobs", "image:1", "us-east-1"
        ),
    )
    dag_run = SimpleNamespace(run_after=datetime(2026, 1, 2, tzinfo=UTC))
    context = task_context(params={"force": False}, dag_run=dag_run)

    def function(task: str, *args: Any) -> Any:
        called = dag_bag.dags["merch__batch_inference"].get_task(task).python_callable
        with running(called, run, context, monkeypatch):
            return called("merch", *args)

    return function


def test_the_images_are_selected_by_a_job(call: Any) -> None:
    planned = call("plan")
    assert planned["select"]["prefix"] == "merch-select"
    assert planned["package"] == "arn:x/2"


def test_a_run_without_readable_images_names_the_record_that_lists_them(
    s3: MemoryS3, call: Any
) -> None:
    selection = {"batch": "b1", "counts": {"unreadable": 1}, "examples": {"a.jpg": "is empty"}}
    s3.objects[LAYOUT.selection_report("j")] = json.dumps(selection).encode()
    record = "s3://some-bucket/merch/batches/b1/batch.json"
    with pytest.raises(AirflowSkipException, match=rf"a\.jpg: is empty; {record} lists all"):
        call("plan_transform", "arn:x/2", JOB)


def test_a_cleared_publish_is_skipped_if_another_batch_has_all_images(
    s3: MemoryS3, call: Any
) -> None:
    plan = {"batch": "b1", "images": {"a.jpg": "1"}, "unreadable": {}, "unreadable_tags": {}}
    s3.objects[LAYOUT.selection_report("j")] = b'{"recorded": []}'
    s3.objects[LAYOUT.batch_plan("b1")] = json.dumps(plan).encode()
    s3.objects[LAYOUT.batch_record("b2")] = json.dumps({"images": {"a.jpg": "1"}}).encode()
    with pytest.raises(AirflowSkipException, match=r"a\.jpg by b2"):
        call("publish", "arn:x/2", JOB, "b1", JOB, JOB)
    assert LAYOUT.batch_record("b1") not in s3.objects
