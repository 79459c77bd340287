"""The summary has exactly the agreed fields, read from what the stages left behind."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from include.config import Pipeline, find_pipeline
from include.local_run.drive.clients import Aws
from include.local_run.drive.report import summarise, write
from include.local_run.drive.results import Reasons, gather
from include.local_run.project_paths import Places
from include.local_run.stack.aws import BUCKET
from include.storage.layout import Layout

FIELDS = {
    "dataset": {
        "version", "images", "classes", "quarantined", "deduplicated", "seconds", "unchanged",
    },
    "recordio": {"version", "train", "validation", "seconds"},
    "training": {"job", "epochs", "images_per_second", "seconds", "skipped"},
    "evaluation": {"images", "top1", "top5", "verdict"},
    "endpoint": {"name", "config", "status"},
    "batch": {"images", "predictions", "seconds", "skipped"},
}  # fmt: skip
LAYOUT = Layout(BUCKET, "stanford_cars")
METADATA = {"recordio_version": "r1", "training_job": "train-1", "verdict": "promote"}


class FakeSageMaker:
    """One package, its training job and an endpoint; or nothing at all."""

    class exceptions:
        """As boto3's clients have them."""

        ClientError = ClientError

    def __init__(self, there: bool) -> None:
        self._there = there

    def get_paginator(self, operation: str) -> FakeSageMaker:
        return self

    def paginate(self, **query: Any) -> Iterator[dict[str, Any]]:
        found = [{"ModelPackageArn": "arn:p/1"}] if self._there else []
        yield {"ModelPackageSummaryList": found}

    def describe_model_package(self, ModelPackageName: str) -> dict[str, Any]:
        containers = [{"Image": "image", "ModelDataUrl": "s3://b/model.tar.gz"}]
        return {
            "ModelPackageArn": ModelPackageName,
            "InferenceSpecification": {"Containers": containers},
            "CustomerMetadataProperties": METADATA,
        }

    def describe_training_job(self, TrainingJobName: str) -> dict[str, Any]:
        return {"OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/stanford_cars/models"}}

    def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:
        if not self._there:
            absent: Any = {"Error": {"Code": "ValidationException", "Message": "Could not find"}}
            raise ClientError(absent, "DescribeEndpoint")
        return {"EndpointConfigName": "config-1", "EndpointStatus": "InService"}


@pytest.fixture
def pipeline() -> Pipeline:
    return find_pipeline("stanford_cars", "local")


def _fill(s3: Any) -> None:
    counts = {"images": 800, "classes": 10, "quarantined": 1, "deduplicated": 2}
    batch = {"batch": "b1", "counts": {"images": 24}, "seconds": 1.5, "report": "s3://b/report"}
    records = {
        LAYOUT.dataset_pointer: {"version": "d1", "counts": counts, "seconds": 3.0},
        LAYOUT.recordio_pointer: {"version": "r1", "counts": {"train": 640, "validation": 80}},
        LAYOUT.evaluation_report("train-1"): {"images": 80, "top1": 0.95, "top5": 1.0},
        LAYOUT.batch_record("b1"): batch,
    }
    for key, record in records.items():
        s3.objects[key] = json.dumps(record).encode()
    training = {"epochs": 20, "images_per_second": [100.0, 160.0, 150.0], "seconds": 60.0}
    s3.objects["stanford_cars/models/train-1/output/output.tar.gz"] = _packed(training)


def _packed(training: dict[str, Any]) -> bytes:
    files = {"training.json": json.dumps(training).encode(), "training.svg": b"<svg/>"}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture
def dated(s3: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """S3 whose listings carry dates."""
    listed = s3._list_objects_v2

    def paginate(Bucket: str, Prefix: str) -> Iterator[dict[str, Any]]:
        for page in listed(Bucket=Bucket, Prefix=Prefix):
            yield {"Contents": [{**e, "LastModified": datetime.now(UTC)} for e in page["Contents"]]}

    monkeypatch.setattr(s3, "_list_objects_v2", paginate)
    return s3


def test_figures_are_carried_over_from_what_is_there(dated: Any, pipeline: Pipeline) -> None:
    """Protects a second run, in which no stage worked, from showing nothing."""
    _fill(dated)
    reasons = Reasons(refresh="the source is unchanged", training="nothing new", batch="no images")
    results = gather(Aws(dated, FakeSageMaker(True), None, None), pipeline, reasons)
    assert results.drawings == {"training.svg": b"<svg/>"}
    training = results.sections["training"]
    assert training == {
        "job": "train-1", "epochs": 20, "images_per_second": 150.0, "seconds": 60.0,
        "skipped": "nothing new",
    }  # fmt: skip
    assert results.sections["dataset"]["unchanged"] is True
    assert results.sections["evaluation"]["verdict"] == "promote"
    assert results.sections["batch"]["predictions"] == "s3://b/report/predictions.csv"
    assert results.pages["gallery.html"] == "stanford_cars/batches/b1/report/gallery.html"


@pytest.mark.parametrize("there", [True, False])
def test_the_summary_has_the_agreed_fields_whatever_happened(
    dated: Any, pipeline: Pipeline, there: bool, tmp_path: Path
) -> None:
    if there:
        _fill(dated)
    results = gather(Aws(dated, FakeSageMaker(there), None, None), pipeline, Reasons())
    runs = {"stanford_cars__dataset_refresh": "success"}
    ui = "http://127.0.0.1:8080"
    summary = summarise("stanford_cars", there, runs, results, ui, (1.0, 2.0))
    assert list(summary) == [
        "pipeline", "succeeded", "runs", *FIELDS, "ui", "install_seconds", "total_seconds",
    ]  # fmt: skip
    for section, fields in FIELDS.items():
        assert set(summary[section]) == fields
    places = Places(tmp_path)
    places.local.mkdir()
    write(places, summary, {"total": 2.0})
    assert json.loads(places.summary.read_text()) == summary


def test_a_night_that_only_lists_what_cannot_be_read_hides_no_gallery(
    dated: Any, pipeline: Pipeline
) -> None:
    """Protects the page of the last batch that has one."""
    _fill(dated)
    listed = {"batch": "b2", "counts": {"images": 0}, "report": None}
    dated.objects[LAYOUT.batch_record("b2")] = json.dumps(listed).encode()
    results = gather(Aws(dated, FakeSageMaker(True), None, None), pipeline, Reasons())
    assert results.sections["batch"]["images"] == 24
    assert results.pages["gallery.html"] == "stanford_cars/batches/b1/report/gallery.html"
