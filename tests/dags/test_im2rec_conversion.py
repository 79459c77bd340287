"""The tasks of im2rec conversion, called without a run: which version becomes current."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from airflow.sdk.exceptions import AirflowSkipException
from moto import mock_aws

from include.config import find_pipeline
from include.storage.layout import Layout
from tests.dags.task_calls import BUCKET, call_task, event_facts, task_context

LAYOUT = Layout(BUCKET, "merch")


class Conversion:
    """The task functions of one pipeline's conversion, with S3 in memory."""

    def __init__(self, dag: Any, s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.dag, self.s3, self.monkeypatch = dag, s3, monkeypatch
        self.params: dict[str, Any] = {"force": False, "dataset_version": None}

    def call(self, task: str, *args: Any) -> Any:
        """Call a task's function as its pipeline."""
        function = self.dag.get_task(task).python_callable
        self.context = task_context()
        return call_task(
            function, self.s3, find_pipeline("merch"), self.params, self.monkeypatch, *args,
            context=self.context,
        )  # fmt: skip

    def refresh(self, version: str) -> None:
        """Make a dataset version the current one."""
        folder = LAYOUT.dataset(version)
        for key in (LAYOUT.dataset_pointer, f"{folder}dataset.json"):
            self._put(key, {"version": version})
        self._put(f"{folder}manifest.jsonl", {"key": "aa/aa.jpg", "split": "train"})

    def publish(self, planned: dict[str, Any], job: str, dataset: str) -> dict[str, Any]:
        """Publish what a job has made of a plan."""
        version = planned["version"]
        report = {
            "version": version,
            "dataset_version": dataset,
            "counts": {"train": 1, "validation": 0, "classes": 1},
            "created": "2026-01-01",
        }
        self._put(LAYOUT.recordio_report(version), report)
        given = (version, planned["shards"], planned["pointer"], {"job_name": job})
        return dict(self.call("publish", *given))

    @property
    def current(self) -> str:
        """The version that recordio/current.json names."""
        body = self.s3.get_object(Bucket=BUCKET, Key=LAYOUT.recordio_pointer)["Body"]
        return str(json.loads(body.read())["version"])

    def _put(self, key: str, record: dict[str, Any]) -> None:
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(record).encode())


@pytest.fixture
def conversion(dag_bag: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Conversion]:
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket=BUCKET)
        yield Conversion(dag_bag.dags["merch__im2rec_conversion"], s3, monkeypatch)


def test_an_older_dataset_version_is_converted_without_becoming_current(
    conversion: Conversion,
) -> None:
    conversion.refresh("d" * 16)
    conversion.refresh("e" * 16)
    latest = conversion.publish(conversion.call("plan"), "job-1", "e" * 16)["version"]
    conversion.params["dataset_version"] = "d" * 16
    named = conversion.publish(conversion.call("plan"), "job-2", "d" * 16)
    assert named["version"] != latest
    assert conversion.current == latest
    with pytest.raises(AirflowSkipException, match=f"of dataset {'d' * 16} exists"):
        conversion.call("plan")


def test_the_current_dataset_version_may_be_named(
    conversion: Conversion,
) -> None:
    conversion.refresh("e" * 16)
    conversion.params["dataset_version"] = "e" * 16
    published = conversion.publish(conversion.call("plan"), "job-1", "e" * 16)
    assert conversion.current == published["version"]
    facts = event_facts(conversion.context)
    assert (facts["version"], facts["dataset_version"]) == (published["version"], "e" * 16)
    assert facts["uri"] == f"s3://{BUCKET}/merch/recordio/{published['version']}/"


def test_a_cleared_publish_of_an_older_run_does_not_move_the_pointer_back(
    conversion: Conversion,
) -> None:
    conversion.refresh("d" * 16)
    older = conversion.call("plan")
    conversion.publish(older, "job-1", "d" * 16)
    conversion.refresh("e" * 16)
    latest = conversion.publish(conversion.call("plan"), "job-2", "e" * 16)["version"]
    with pytest.raises(AirflowSkipException, match=f"names version {latest} of job job-2"):
        conversion.publish(older, "job-1", "d" * 16)
    assert conversion.current == latest
