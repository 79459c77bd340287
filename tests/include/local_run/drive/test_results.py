"""The summary has exactly the documented fields, read from the records of the stages."""

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
from include.local_run.drive.clients import AwsClients
from include.local_run.drive.report import build_summary, write_summary
from include.local_run.drive.results import SkipReasons, collect_results
from include.local_run.project_paths import ProjectPaths
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
    """A model package, its training job and an endpoint, or an account without any."""

    class exceptions:
        """The exceptions of a boto3 client."""

        ClientError = ClientError

    def __init__(self, exists: bool) -> None:
        self._exists = exists

    def get_paginator(self, operation: str) -> FakeSageMaker:
        return self

    def paginate(self, **query: Any) -> Iterator[dict[str, Any]]:
        found = [{"ModelPackageArn": "arn:p/1"}] if self._exists else []
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
        if not self._exists:
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
    """S3 whose listings have LastModified."""
    listed = s3._list_objects_v2

    def paginate(Bucket: str, Prefix: str) -> Iterator[dict[str, Any]]:
        for page in listed(Bucket=Bucket, Prefix=Prefix):
            yield {"Contents": [{**e, "LastModified": datetime.now(UTC)} for e in page["Contents"]]}

    monkeypatch.setattr(s3, "_list_objects_v2", paginate)
    return s3


def test_skipped_stages_show_figures_of_earlier_runs(dated: Any, pipeline: Pipeline) -> None:
    """Protects the summary of a run in which all stages were skipped."""
    _fill(dated)
    reasons = SkipReasons(
        refresh="the source is unchanged", training="nothing new", batch="no images"
    )
    results = collect_results(AwsClients(dated, FakeSageMaker(True), None, None), pipeline, reasons)
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


@pytest.mark.parametrize("exists", [True, False])
def test_the_summary_always_has_the_documented_fields(
    dated: Any, pipeline: Pipeline, exists: bool, tmp_path: Path
) -> None:
    if exists:
        _fill(dated)
    results = collect_results(
        AwsClients(dated, FakeSageMaker(exists), None, None), pipeline, SkipReasons()
    )
    runs = {"stanford_cars__dataset_refresh": "success"}
    ui = "http://127.0.0.1:8080"
    summary = build_summary("stanford_cars", exists, runs, results, ui, (1.0, 2.0))
    assert list(summary) == [
        "pipeline", "succeeded", "runs", *FIELDS, "ui", "install_seconds", "total_seconds",
    ]  # fmt: skip
    for section, fields in FIELDS.items():
        assert set(summary[section]) == fields
    paths = ProjectPaths(tmp_path)
    paths.local.mkdir()
    write_summary(paths, summary, {"total": 2.0})
    assert json.loads(paths.summary.read_text()) == summary


def test_a_batch_without_readable_photos_does_not_hide_the_gallery(
    dated: Any, pipeline: Pipeline
) -> None:
    """Protects the page of the last batch that has a report."""
    _fill(dated)
    listed = {"batch": "b2", "counts": {"images": 0}, "report": None}
    dated.objects[LAYOUT.batch_record("b2")] = json.dumps(listed).encode()
    results = collect_results(
        AwsClients(dated, FakeSageMaker(True), None, None), pipeline, SkipReasons()
    )
    assert results.sections["batch"]["images"] == 24
    assert results.pages["gallery.html"] == "stanford_cars/batches/b1/report/gallery.html"
