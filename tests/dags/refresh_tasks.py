"""The tasks of dataset refresh, called without a run, with S3 in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from include.config import Pipeline, find_pipeline
from include.storage.layout import Layout
from tests.dags.task_calls import BUCKET, call_task, task_context


@dataclass
class RefreshTasks:
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

    def publish(
        self, planned: dict[str, Any], version: str, name: str, **more: Any
    ) -> dict[str, Any]:
        """Publish the result of a job of this name: a version without images."""
        report = {"version": version, **more}
        self.put(f"dataset/runs/{name}/dataset.json", json.dumps(report).encode())
        self.put(f"dataset/versions/{version}/manifest.jsonl", b"")
        return self.publish_job(planned, name)

    def publish_job(self, planned: dict[str, Any], name: str) -> dict[str, Any]:
        """Publish what a job of this name wrote to S3."""
        given = (planned["fingerprint"], planned["labels"], planned["pointer"])
        summary: dict[str, Any] = self.call("publish", *given, {"job_name": name})
        return summary


@contextmanager
def refresh_tasks(dag_bag: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[RefreshTasks]:
    """Give the tasks of the pipeline `merch`, whose source settles at once."""
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket=BUCKET)
        dag = dag_bag.dags["merch__dataset_refresh"]
        tasks = RefreshTasks(dag, s3, find_pipeline("merch"), monkeypatch)
        tasks.set(settle_minutes=0)
        yield tasks
