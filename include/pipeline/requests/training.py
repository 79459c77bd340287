"""RecordIO version to candidate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from include.pipeline.deployment import Deployment
from include.pipeline.form import Pipeline
from include.pipeline.layout import Layout
from include.pipeline.requests.job import JobRequest, job_request

METRICS = {
    "train:accuracy": r"Train-accuracy=([0-9.]+)",
    "validation:accuracy": r"Validation-accuracy=([0-9.]+)",
}
"""What SageMaker reads from our image's log; for the built-in image it knows by itself."""


def training_hyperparameters(
    pipeline: Pipeline, counts: Mapping[str, int], changes: Mapping[str, Any]
) -> dict[str, str]:
    """Return the hyperparameters of one training, complete, as SageMaker takes them.

    Args:
        pipeline: Whose hyperparameters are the base.
        counts: recordio.json's counts: train images and classes.
        changes: What a person asked for in this run; None means the pipeline's own value.

    Raises:
        pydantic.ValidationError: A change is not allowed, or does not go with the rest.
    """
    base = pipeline.training.hyperparameters
    asked = {name: value for name, value in changes.items() if value is not None}
    merged = type(base).model_validate({**base.model_dump(), **asked}).as_request()
    # The algorithm refuses a batch that is larger than the data set.
    batch = min(int(merged["mini_batch_size"]), counts["train"])
    return {
        **merged,
        "mini_batch_size": str(batch),
        "num_classes": str(counts["classes"]),
        "num_training_samples": str(counts["train"]),
    }


def training_request(
    pipeline: Pipeline,
    deployment: Deployment,
    recordio: str,
    hyperparameters: Mapping[str, str],
    shards: int = 1,
) -> JobRequest:
    """Return the job that trains on a RecordIO version with complete hyperparameters.

    Args:
        pipeline: Which pipeline trains.
        deployment: Where.
        recordio: The RecordIO version.
        hyperparameters: What `training_hyperparameters` returns.
        shards: By how many instances together its files were written.
    """
    layout = Layout(deployment.bucket, pipeline.name)
    channels = ("train", "validation")
    config = {
        "RoleArn": deployment.role_arn,
        "AlgorithmSpecification": _algorithm(pipeline, deployment),
        "HyperParameters": dict(hyperparameters),
        "InputDataConfig": [
            _channel(name, layout.uri(layout.recordio_part(recordio, name, shards)))
            for name in channels
        ],
        "OutputDataConfig": {"S3OutputPath": layout.output(layout.models)},
        **_resources(pipeline),
    }
    return job_request(pipeline, deployment, "train", config)


def _algorithm(pipeline: Pipeline, deployment: Deployment) -> dict[str, Any]:
    algorithm = pipeline.training.algorithm
    specification: dict[str, Any] = {
        "TrainingImage": deployment.image(algorithm),
        "TrainingInputMode": "File",
    }
    if algorithm == "own":
        specification["MetricDefinitions"] = [
            {"Name": name, "Regex": regex} for name, regex in METRICS.items()
        ]
    return specification


def _channel(name: str, uri: str) -> dict[str, Any]:
    return {
        "ChannelName": name,
        "DataSource": {
            "S3DataSource": {
                "S3DataType": "S3Prefix",
                "S3Uri": uri,
                "S3DataDistributionType": "FullyReplicated",
            }
        },
        "ContentType": "application/x-recordio",
        "CompressionType": "None",
        "InputMode": "File",
    }


def _resources(pipeline: Pipeline) -> dict[str, Any]:
    training, machine = pipeline.training, pipeline.training.machine
    stopping = {"MaxRuntimeInSeconds": machine.max_runtime_seconds}
    if training.spot:
        stopping["MaxWaitTimeInSeconds"] = training.longest_wait_minutes * 60
    return {
        "ResourceConfig": {
            "InstanceCount": 1,
            "InstanceType": machine.instance_type,
            "VolumeSizeInGB": machine.volume_gb,
        },
        "StoppingCondition": stopping,
        "EnableManagedSpotTraining": training.spot,
    }
