"""Facts about jobs for OpenLineage, from the records that the container writes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from dag_factory.observability import lineage
from dag_factory.observability.lineage import facts_of
from include.contracts.records import DatasetReport, EvaluationReport, RecordioReport
from include.storage.records import RecordError
from sagemaker_jobs.lineage.facts import JobFacts

BUCKET = "some-bucket"
ROOT = f"s3://{BUCKET}/merch"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        monkeypatch.setattr(lineage, "aws_client", lambda service: client)
        yield client


def put(s3: Any, key: str, content: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(content).encode())


def facts(stage: str, **summary: Any) -> JobFacts:
    function = facts_of(stage)
    assert function is not None
    return function({"job_name": f"merch-{stage}-1", "inputs": [], "metrics": {}, **summary})


def test_a_refresh_tells_the_version_the_refused_photos_and_the_limit(s3: Any) -> None:
    counts = {"listed": 100, "images": 96, "quarantined": 4, "deduplicated": 0, "classes": 3}
    report = DatasetReport(
        version="d1",
        counts=counts,
        settings={"quarantine_limit": 0.05},
        source={"uri": f"{ROOT}/source/"},  # type: ignore[arg-type]
    )
    put(s3, "merch/dataset/runs/j/dataset.json", report.as_json())
    outputs = {
        "result": f"{ROOT}/dataset/runs/j",
        "versions": f"{ROOT}/dataset/versions",
        "quarantine": f"{ROOT}/dataset/quarantine",
    }
    found = facts("refresh", outputs=outputs)
    (source,), (version, quarantine) = found.inputs, found.outputs
    (check,) = source.checks
    assert (source.rows, check.expected, check.actual) == (100, "at most 0.05", "0.0400")
    assert (version.uri, version.rows) == (f"{ROOT}/dataset/versions/d1", 96)
    assert version.distinct == {"class": 3}
    assert quarantine.rows == 4


def test_a_conversion_tells_the_records_of_each_split_and_the_folder_of_its_photos(s3: Any) -> None:
    report = RecordioReport(
        version="r1",
        dataset_version="d1",
        counts={"train": 80, "validation": 16, "classes": 3},  # type: ignore[arg-type]
    )
    put(s3, "merch/recordio/r1/recordio.json", report.as_json())
    put(s3, "merch/dataset/versions/d1/conversion.manifest", [{"prefix": f"{ROOT}/images/"}, "a"])
    found = facts(
        "im2rec",
        outputs={name: f"{ROOT}/recordio/r1/{name}".removesuffix("/result") for name in PARTS},
        inputs=[f"{ROOT}/dataset/versions/d1/conversion.manifest"],
    )
    assert [(output.uri, output.rows) for output in found.outputs] == [
        (f"{ROOT}/recordio/r1/train", 80),
        (f"{ROOT}/recordio/r1/validation", 16),
    ]
    assert [photos.uri for photos in found.inputs] == [f"{ROOT}/images/"]


PARTS = ("train", "validation", "index", "result")


def test_a_training_tells_its_metrics_and_cost() -> None:
    found = facts(
        "train",
        outputs={"model": f"{ROOT}/models/j/output/model.tar.gz"},
        metrics={"validation:accuracy": 0.8},
        billable_seconds=60.0,
        cost_usd=None,
    )
    assert found.outputs[0].figures == {"validation:accuracy": 0.8, "billable_seconds": 60.0}


def test_an_evaluation_tells_the_accuracy(s3: Any) -> None:
    report = EvaluationReport(dataset_version="d1", images=9, top1=0.9, per_class=[])
    put(s3, "merch/evaluations/j/evaluation.json", report.as_json())
    (result,) = facts("evaluate", outputs={"result": f"{ROOT}/evaluations/j"}).outputs
    assert (result.rows, result.figures) == (9, {"top1": 0.9})


def test_a_batch_tells_uncertain_photos_and_drift(s3: Any) -> None:
    distance = {"distance": 0.3, "p": 0.01}
    drift = {
        "images": 5,
        "reference_images": 9,
        "classes": distance,
        "confidence": {**distance, "mean": 0.5, "reference_mean": 0.9},
    }
    report = {"images": 5, "classes": {"a": 5}, "uncertain": 2, "drift": drift}
    put(s3, "merch/batches/b/report/report.json", report)
    (result,) = facts("report", outputs={"result": f"{ROOT}/batches/b/report"}).outputs
    assert result.figures == {"uncertain": 2, "drift_classes": 0.3, "drift_confidence": 0.3}


def test_a_missing_record_is_an_error_that_names_it(s3: Any) -> None:
    with pytest.raises(RecordError, match=r"evaluations/j/evaluation\.json is missing"):
        facts("evaluate", outputs={"result": f"{ROOT}/evaluations/j"})
