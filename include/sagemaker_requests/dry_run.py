"""Every request that a pipeline makes of SageMaker, before there is anything to make it of.

What earlier jobs would have named has stand-ins of the same form, as long as they may get.
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
from include.sagemaker_requests.im2rec import im2rec_request
from include.sagemaker_requests.job import FIRST_JOB_NAME, JOB_NAME, LONGEST_PREFIX, JobRequest
from include.sagemaker_requests.model import candidate_model_request, packaged_model_request
from include.sagemaker_requests.package import package_group_request, package_request
from include.sagemaker_requests.refresh import refresh_request
from include.sagemaker_requests.report import report_request
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
class Rehearsed:
    """One request: its operation as the API calls it, and for a job the start of its name."""

    title: str
    operation: str
    request: dict[str, Any]
    prefix: str = ""


def rehearse(pipeline: Pipeline, deployment: Deployment) -> Iterator[Rehearsed]:
    """Yield each request of a pipeline, complete, as boto3 would take it.

    Raises:
        DeploymentError: The built-in image's registry in this region is not known.
    """
    here = (pipeline, deployment)
    trained = job_name(f"{pipeline.slug}-train")
    for request in (
        refresh_request(*here, VERSION, VERSION, store_all=True, ledger_job=trained),
        im2rec_request(*here, VERSION, earlier=_layout(*here).recordio(VERSION)),
        evaluate_request(*here, trained, VERSION, _precision(pipeline)),
        report_request(*here, BATCH, VERSION, with_truth=True, training_job=trained),
    ):
        yield _job("Processing", request)
    yield _job("Training", _training(*here))
    model = str(_candidate(*here, trained)["ModelName"])
    yield _job("Transform", evaluation_transform_request(*here, trained, model))
    yield _job("Transform", batch_transform_request(*here, BATCH, model))
    yield from _resources(pipeline, deployment, trained)


def job_name(prefix: str) -> str:
    """Return a name like those that jobs get."""
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


def _resources(pipeline: Pipeline, deployment: Deployment, trained: str) -> Iterator[Rehearsed]:
    here = (pipeline, deployment)
    registered = f"arn:aws:sagemaker:{deployment.region}:{'0' * 12}:model-package/{pipeline.slug}/1"
    model = packaged_model_request(*here, registered, deployment.endpoint_role)["config"]
    config = endpoint_config_request(*here, model["ModelName"])["config"]
    endpoint = endpoint_request(pipeline, config["EndpointConfigName"])["config"]
    candidate = _candidate(*here, trained)
    yield Rehearsed("candidate's model", "CreateModel", candidate)
    yield Rehearsed("package's model", "CreateModel", model)
    yield Rehearsed("endpoint configuration", "CreateEndpointConfig", config)
    yield Rehearsed("endpoint", "CreateEndpoint", endpoint)
    yield Rehearsed("package group", "CreateModelPackageGroup", package_group_request(*here))
    container = candidate["PrimaryContainer"]
    yield Rehearsed("package", "CreateModelPackage", _package(*here, trained, container))


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


def _job(kind: str, request: JobRequest) -> Rehearsed:
    """Give a job its name, as submitting does."""
    name = job_name(request["prefix"])
    filled = _filled(request["config"], name)
    stage = request["prefix"].rpartition("-")[2]
    title = f"{stage} transform" if kind == "Transform" else stage
    return Rehearsed(
        title, f"Create{kind}Job", {f"{kind}JobName": name, **filled}, request["prefix"]
    )


def _filled(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return {key: _filled(inner, name) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, name) for inner in value]
    if isinstance(value, str):
        return value.replace(JOB_NAME, name).replace(FIRST_JOB_NAME, name)
    return value
