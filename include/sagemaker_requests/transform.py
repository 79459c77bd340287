"""Requests of batch transform jobs: images of a manifest to predictions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from include.config.deployment import Deployment
from include.config.instances import TransformConfig
from include.config.pipeline import Pipeline
from include.contracts.content_types import IMAGE_TYPE
from include.contracts.environment import FLIP_AVERAGE, SERVING_PRECISION
from include.sagemaker_requests.job import JobRequest, job_request
from include.storage.layout import Layout


def manifest(folder_uri: str, keys: Sequence[str]) -> list[dict[str, str] | str]:
    """Return an S3 manifest: the folder that keys are relative to, then the keys."""
    return [{"prefix": folder_uri}, *keys]


def evaluation_transform_request(
    pipeline: Pipeline,
    deployment: Deployment,
    training_job: str,
    dataset_version: str,
    model_name: str,
) -> JobRequest:
    """Return the job in which a candidate classifies the photos of the evaluated split.

    Args:
        pipeline: The candidate's pipeline.
        deployment: The deployment in which the job runs.
        training_job: The candidate's training job.
        dataset_version: The dataset version to evaluate on.
        model_name: The candidate's model.
    """
    layout = Layout(deployment.bucket, pipeline.name)
    return _transform(
        pipeline,
        deployment,
        "evaluation",
        pipeline.evaluation.transform,
        model_name,
        layout.uri(layout.split_manifest(dataset_version, pipeline.evaluation.split)),
        layout.output(layout.evaluation_predictions(training_job)),
    )


def batch_transform_request(
    pipeline: Pipeline,
    deployment: Deployment,
    batch: str,
    model_name: str,
    precision: str | None = None,
) -> JobRequest:
    """Return the job in which a model classifies the images of a batch's manifest.

    Args:
        pipeline: The batch's pipeline.
        deployment: The deployment in which the job runs.
        batch: The batch.
        model_name: The model.
        precision: The model's serving precision, if it has one.
    """
    layout = Layout(deployment.bucket, pipeline.name)
    return _transform(
        pipeline,
        deployment,
        "batch",
        pipeline.batch.transform,
        model_name,
        layout.uri(layout.batch_manifest(batch)),
        layout.output(layout.batch_predictions(batch)),
        **_flip_average(precision) if pipeline.batch.flip_average else {},
    )


def _flip_average(precision: str | None) -> dict[str, Any]:
    # The model's precision is repeated: AWS does not document that the variables of a transform job
    # are added to those of its model.
    served = {SERVING_PRECISION: precision} if precision else {}
    return {"Environment": {FLIP_AVERAGE: "true", **served}}


def _transform(
    pipeline: Pipeline,
    deployment: Deployment,
    stage: str,
    settings: TransformConfig,
    model_name: str,
    manifest_uri: str,
    output_uri: str,
    **members: Any,
) -> JobRequest:
    source = {"S3DataSource": {"S3DataType": "ManifestFile", "S3Uri": manifest_uri}}
    config = {
        "ModelName": model_name,
        "BatchStrategy": settings.strategy,
        "MaxConcurrentTransforms": settings.concurrency,
        "MaxPayloadInMB": settings.max_payload_mb,
        "TransformInput": {
            "DataSource": source,
            "ContentType": IMAGE_TYPE,
            "SplitType": "None",
            "CompressionType": "None",
        },
        "TransformOutput": {"S3OutputPath": output_uri, "AssembleWith": "None"},
        "TransformResources": {
            "InstanceType": settings.instance_type,
            "InstanceCount": settings.instance_count,
        },
        **members,
    }
    return job_request(pipeline, deployment, stage, config)
