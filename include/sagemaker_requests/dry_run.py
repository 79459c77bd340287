"""All requests of a pipeline to SageMaker, without running anything.

Names that depend on earlier jobs are replaced by placeholders of the same form and maximum length.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from include.config.deployment import Deployment
from include.config.pipeline import Pipeline
from include.contracts.environment import Precision
from include.sagemaker_requests.endpoint import endpoint_config_request, endpoint_request
from include.sagemaker_requests.evaluate import evaluate_request
from include.sagemaker_requests.fetch import fetch_request
from include.sagemaker_requests.im2rec import im2rec_request
from include.sagemaker_requests.job import FIRST_JOB_NAME, JOB_NAME, LONGEST_PREFIX, JobRequest
from include.sagemaker_requests.model import candidate_model_request, packaged_model_request
from include.sagemaker_requests.package import package_group_request, package_request
from include.sagemaker_requests.refresh import LabelInputs, refresh_request
from include.sagemaker_requests.report import report_request
from include.sagemaker_requests.select import select_request
from include.sagemaker_requests.training import training_hyperparameters, training_request
from include.sagemaker_requests.transform import (
    batch_transform_request,
    evaluation_transform_request,
)
from include.storage.layout import Layout

VERSION = "0" * 16
COUNTS = {"train": 1_000_000, "validation": 100_000, "classes": 1_000}
BATCH = "20260101T000000Z"


@dataclass(frozen=True)
class DryRunRequest:
    """A request, its API operation, and for a job the prefix of its name."""

    title: str
    operation: str
    request: dict[str, Any]
    prefix: str = ""


def dry_run_requests(pipeline: Pipeline, deployment: Deployment) -> Iterator[DryRunRequest]:
    """Yield each request of a pipeline, complete, as boto3 takes it.

    Raises:
        DeploymentError: The registry of the built-in image in this region is unknown.
    """
    common = (pipeline, deployment)
    trained = job_name(f"{pipeline.slug}-train")
    layout = _layout(*common)
    labels = LabelInputs(
        layout.labels, layout.label_plan(VERSION), layout.labelled_manifest(VERSION)
    )
    for request in (
        fetch_request(*common),
        refresh_request(*common, VERSION, VERSION, True, ledger_job=trained, labels=labels),
        im2rec_request(*common, VERSION, earlier=layout.recordio(VERSION)),
        evaluate_request(*common, trained, VERSION, _precision(pipeline), temperature=1.5),
        select_request(*common, BATCH, "decode", everything=False),
        report_request(*common, BATCH, VERSION, with_truth=True, training_job=trained),
    ):
        yield _job("Processing", request)
    yield _job("Training", _training(*common))
    model = str(_candidate(*common, trained)["ModelName"])
    yield _job("Transform", evaluation_transform_request(*common, trained, VERSION, model))
    yield _job("Transform", batch_transform_request(*common, BATCH, model))
    yield from _resources(pipeline, deployment, trained)


def job_name(prefix: str) -> str:
    """Return a job name of the form that submitting gives to jobs."""
    return f"{prefix[:LONGEST_PREFIX]}-{'0' * 12}"


def _layout(pipeline: Pipeline, deployment: Deployment) -> Layout:
    return Layout(deployment.bucket, pipeline.name)


def _training(pipeline: Pipeline, deployment: Deployment) -> JobRequest:
    hyperparameters = training_hyperparameters(pipeline, COUNTS, {})
    return training_request(pipeline, deployment, VERSION, hyperparameters, dataset_version=VERSION)


def _precision(pipeline: Pipeline) -> Precision | None:
    return "float32" if pipeline.training.algorithm == "custom" else None


def _candidate(pipeline: Pipeline, deployment: Deployment, trained: str) -> dict[str, Any]:
    layout = _layout(pipeline, deployment)
    artifact = layout.uri(f"{layout.models}{trained}/output/model.tar.gz")
    return candidate_model_request(pipeline, deployment, artifact, _precision(pipeline))["config"]


def _resources(pipeline: Pipeline, deployment: Deployment, trained: str) -> Iterator[DryRunRequest]:
    common = (pipeline, deployment)
    registered = f"arn:aws:sagemaker:{deployment.region}:{'0' * 12}:model-package/{pipeline.slug}/1"
    model = packaged_model_request(*common, registered, deployment.endpoint_role)["config"]
    config = endpoint_config_request(*common, model["ModelName"])["config"]
    endpoint = endpoint_request(pipeline, config["EndpointConfigName"])["config"]
    candidate = _candidate(*common, trained)
    yield DryRunRequest("candidate's model", "CreateModel", candidate)
    yield DryRunRequest("package's model", "CreateModel", model)
    yield DryRunRequest("endpoint configuration", "CreateEndpointConfig", config)
    yield DryRunRequest("endpoint", "CreateEndpoint", endpoint)
    yield DryRunRequest("package group", "CreateModelPackageGroup", package_group_request(*common))
    container = candidate["PrimaryContainer"]
    yield DryRunRequest("package", "CreateModelPackage", _package(*common, trained, container))


def _package(
    pipeline: Pipeline, deployment: Deployment, trained: str, container: dict[str, Any]
) -> dict[str, Any]:
    lineage = {"training_job": trained, "dataset_version": VERSION, "top1": 0.5, "reason": "(50 %)"}
    layout = _layout(pipeline, deployment)
    return package_request(
        pipeline,
        container=container,
        approval="PendingManualApproval",
        metrics_uri=layout.uri(layout.evaluation_report(trained)),
        lineage=lineage,
    )


def _job(kind: str, request: JobRequest) -> DryRunRequest:
    """Return a job's request with its name filled in, as submitting does."""
    name = job_name(request["prefix"])
    config = _fill_in(request["config"], name)
    stage = request["prefix"].rpartition("-")[2]
    title = f"{stage} transform" if kind == "Transform" else stage
    return DryRunRequest(
        title, f"Create{kind}Job", {f"{kind}JobName": name, **config}, request["prefix"]
    )


def _fill_in(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return {key: _fill_in(inner, name) for key, inner in value.items()}
    if isinstance(value, list):
        return [_fill_in(inner, name) for inner in value]
    if isinstance(value, str):
        return value.replace(JOB_NAME, name).replace(FIRST_JOB_NAME, name)
    return value
