"""The lineage of a job: S3 datasets that connect to those of other jobs, with facts about them."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from sagemaker_jobs.lineage.events import FIGURES_FACET
from sagemaker_jobs.lineage.facts import Check, DatasetFacts, JobFacts
from sagemaker_jobs.lineage.jobs import job_lineage, request_lineage
from sagemaker_jobs.lineage.models import endpoint_lineage, model_lineage

PROCESSING = {
    "ProcessingInputs": [
        {"S3Input": {"S3Uri": "s3://bucket/cars/source/"}},
        {"AppManaged": False},
    ]
}
TRAINING = {
    "InputDataConfig": [
        {"DataSource": {"S3DataSource": {"S3Uri": "s3://bucket/cars/recordio/v1/train/"}}},
        {"DataSource": {"S3DataSource": {"S3Uri": "s3://bucket/cars/recordio/v1/train"}}},
        {"DataSource": {"FileSystemDataSource": {"DirectoryPath": "/fsx"}}},
    ]
}
TRANSFORM = {
    "ModelName": "cars-model",
    "TransformInput": {
        "DataSource": {"S3DataSource": {"S3Uri": "s3://bucket/cars/batches/1/images.manifest"}}
    },
}
ARCHIVE = ("s3://bucket", "cars/models/j/output/model.tar.gz")
MODEL = {"PrimaryContainer": {"ModelDataUrl": "s3://bucket/cars/models/j/output/model.tar.gz"}}


def missing(**name: str) -> Any:
    raise LookupError(f"no {' '.join(name.values())}")


def summary(**outputs: str) -> dict[str, Any]:
    return {"job_name": "cars-1", "outputs": outputs}


def names(datasets: list[Any]) -> list[tuple[str, str]]:
    return [(dataset.namespace, dataset.name) for dataset in datasets]


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (PROCESSING, ["cars/source"]),
        (TRAINING, ["cars/recordio/v1/train"]),
        (TRANSFORM, ["cars/batches/1/images.manifest"]),
        ({}, []),
    ],
)
def test_a_request_has_its_s3_inputs_once_each_without_a_slash_at_the_end(
    request_: dict[str, Any], expected: list[str]
) -> None:
    found = request_lineage(request_)
    assert names(found.inputs) == [("s3://bucket", name) for name in expected]
    assert found.outputs == []


def test_a_completed_job_has_its_outputs_under_the_name_that_the_next_job_reads() -> None:
    written = summary(train="s3://bucket/cars/recordio/v1/train")
    found = job_lineage(PROCESSING, written, None, None)
    assert names(found.outputs) == names(request_lineage(TRAINING).inputs)


def test_a_transform_job_reads_the_archive_of_its_model() -> None:
    client = SimpleNamespace(describe_model=lambda ModelName: MODEL)
    found = job_lineage(TRANSFORM, summary(), None, client)
    assert ARCHIVE in names(found.inputs)


def test_a_model_that_is_gone_leaves_the_other_inputs(caplog: pytest.LogCaptureFixture) -> None:
    found = job_lineage(TRANSFORM, summary(), None, SimpleNamespace(describe_model=missing))
    assert names(found.inputs) == [("s3://bucket", "cars/batches/1/images.manifest")]
    assert "no cars-model" in caplog.text


def test_facts_become_statistics_checks_and_figures() -> None:
    def facts(known: Mapping[str, Any]) -> JobFacts:
        check = Check("share of refused photos", True, "at most 0.05", "0.0100")
        return JobFacts(
            inputs=(DatasetFacts(known["inputs"][0], checks=(check,)),),
            outputs=(
                DatasetFacts(
                    "s3://bucket/cars/versions/v1",
                    rows=99,
                    distinct={"class": 3},
                    figures={"top1": 0.9, "validation:accuracy": 0.8},
                ),
            ),
        )

    found = job_lineage(PROCESSING, summary(versions="s3://bucket/cars/versions"), facts, None)
    (read,), (folder, version) = found.inputs, found.outputs
    (assertion,) = read.inputFacets["dataQualityAssertions"].assertions
    assert (assertion.success, assertion.actual) == (True, "0.0100")
    assert (folder.name, folder.outputFacets) == ("cars/versions", {})
    assert version.outputFacets["outputStatistics"].rowCount == 99
    figures = version.outputFacets[FIGURES_FACET]
    assert (figures.top1, figures.validation_accuracy) == (0.9, 0.8)
    assert version.facets["dataQualityMetrics"].columnMetrics["class"].distinctCount == 3


def test_facts_that_fail_leave_the_datasets(caplog: pytest.LogCaptureFixture) -> None:
    def facts(known: Mapping[str, Any]) -> JobFacts:
        raise ValueError("no record")

    found = job_lineage(PROCESSING, summary(versions="s3://bucket/v"), facts, None)
    assert (len(found.inputs), len(found.outputs)) == (1, 1)
    assert "no figures of cars-1: no record" in caplog.text


def test_a_model_from_the_registry_has_the_archive_of_its_package(
    caplog: pytest.LogCaptureFixture,
) -> None:
    model = {"PrimaryContainer": {"ModelPackageName": "arn:x/2"}}
    package = {"InferenceSpecification": {"Containers": [MODEL["PrimaryContainer"]]}}
    client = SimpleNamespace(describe_model_package=lambda ModelPackageName: package)
    assert names(model_lineage(client, model).inputs) == [ARCHIVE]
    client = SimpleNamespace(describe_model_package=missing)
    assert model_lineage(client, model).inputs == []
    assert "no arn:x/2" in caplog.text


def test_an_endpoint_comes_from_the_archives_of_its_models(
    caplog: pytest.LogCaptureFixture,
) -> None:
    config = {"ProductionVariants": [{"ModelName": "cars-model"}, {"ModelName": "cars-model"}]}
    client = SimpleNamespace(
        meta=SimpleNamespace(region_name="us-east-1"),
        describe_endpoint_config=lambda EndpointConfigName: config,
        describe_model=lambda ModelName: MODEL,
    )
    found = endpoint_lineage(client, "cars", "cars-2")
    assert names(found.inputs) == [ARCHIVE]
    assert names(found.outputs) == [("sagemaker://us-east-1", "endpoints/cars")]
    client.describe_endpoint_config = missing
    assert endpoint_lineage(client, "cars", "cars-2").inputs == []
    assert "no cars-2" in caplog.text
