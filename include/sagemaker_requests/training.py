"""Request of the training job: RecordIO version to candidate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from include.config.deployment import Deployment
from include.config.errors import PipelineError
from include.config.network import loads_from_network
from include.config.pipeline import Pipeline
from include.contracts.content_types import FILE_TYPE, MODEL_TYPE, RECORD_TYPE
from include.contracts.environment import FETCH_ALLOWED_HOSTS
from include.contracts.metrics import METRICS
from include.sagemaker_requests.job import FIRST_JOB_NAME, JobRequest, job_request
from include.storage.layout import Layout

LOCAL_CHECKPOINTS = "/opt/ml/checkpoints"


def training_hyperparameters(
    pipeline: Pipeline, counts: Mapping[str, int], changes: Mapping[str, Any]
) -> dict[str, str]:
    """Return the hyperparameters of one training, complete, as SageMaker takes them.

    Args:
        pipeline: The pipeline with the base values.
        counts: The counts of recordio.json: training images and classes.
        changes: The run's overrides; None means the pipeline's value.

    Raises:
        pydantic.ValidationError: An override is invalid, or contradicts another value.
        PipelineError: top_k is not below the number of classes, so that training would fail.
    """
    base = pipeline.training.hyperparameters
    overrides = {name: value for name, value in changes.items() if value is not None}
    merged = (
        type(base).model_validate({**base.model_dump(exclude_unset=True), **overrides}).as_request()
    )
    if int(merged.get("top_k", 0)) >= counts["classes"]:
        raise PipelineError(
            f"training.hyperparameters.top_k: {merged['top_k']} must be below the number of "
            f"classes, and this dataset version has {counts['classes']}: lower it or leave it out"
        )
    # The algorithm rejects a batch that is larger than the dataset, or than an instance's share.
    share = max(counts["train"] // pipeline.training.instance_count, 1)
    batch = min(int(merged["mini_batch_size"]), share)
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
    model_uri: str | None = None,
    dataset_version: str | None = None,
) -> JobRequest:
    """Return the job that trains on a RecordIO version with complete hyperparameters.

    Args:
        pipeline: The pipeline that trains.
        deployment: The deployment in which the job runs.
        recordio: The RecordIO version.
        hyperparameters: The result of `training_hyperparameters`.
        shards: The number of instances that wrote the version's files.
        model_uri: The model.tar.gz to continue from; None starts as the hyperparameters say.
        dataset_version: The version whose class names the custom image stores with the model; None
            leaves them out.
    """
    layout = Layout(deployment.bucket, pipeline.name)
    mode = pipeline.training.input_mode
    records = [
        _channel(name, layout.uri(layout.recordio_part(recordio, name, shards)), RECORD_TYPE, mode)
        for name in ("train", "validation")
    ]
    parameters, start = _start(hyperparameters, model_uri)
    config = {
        "RoleArn": deployment.role_arn,
        "AlgorithmSpecification": _algorithm(pipeline, deployment),
        "HyperParameters": parameters,
        "InputDataConfig": [*records, *_names(pipeline, layout, dataset_version), *start],
        "OutputDataConfig": {"S3OutputPath": layout.output(layout.models)},
        **_resources(pipeline),
        **_checkpoints(pipeline, layout),
        **_environment(pipeline, deployment, parameters),
        "EnableNetworkIsolation": pipeline.network.isolates_training(
            pipeline.training.algorithm, parameters
        ),
    }
    return job_request(pipeline, deployment, "train", config)


def _algorithm(pipeline: Pipeline, deployment: Deployment) -> dict[str, Any]:
    algorithm = pipeline.training.algorithm
    specification: dict[str, Any] = {
        "TrainingImage": deployment.image(algorithm),
        "TrainingInputMode": "File",
    }
    if algorithm == "custom":
        specification["MetricDefinitions"] = [
            {"Name": name, "Regex": regex} for name, regex in METRICS.items()
        ]
    return specification


def _start(
    hyperparameters: Mapping[str, str], model_uri: str | None
) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """Return the hyperparameters, and the channel with the initial weights if there is one.

    Weights in S3 are a channel, so that jobs without network access can use them, too.
    """
    if model_uri is not None:
        others = {
            name: value
            for name, value in hyperparameters.items()
            if not name.startswith("pretrained_model_")
        }
        return {**others, "use_pretrained_model": "0"}, [_channel("model", model_uri, MODEL_TYPE)]
    uri = hyperparameters.get("pretrained_model_uri", "")
    channels = [_channel("pretrained", uri, FILE_TYPE)] if uri.startswith("s3://") else []
    return dict(hyperparameters), channels


def _names(pipeline: Pipeline, layout: Layout, dataset_version: str | None) -> list[dict[str, Any]]:
    """Return the channel with the class names, for the custom image's predictions by name."""
    if dataset_version is None or pipeline.training.algorithm != "custom":
        return []
    return [_channel("classes", layout.uri(layout.dataset_classes(dataset_version)), FILE_TYPE)]


def _environment(
    pipeline: Pipeline, deployment: Deployment, hyperparameters: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    """Return the variable with the private hosts for weights, if the custom image fetches any."""
    algorithm = pipeline.training.algorithm
    fetches = algorithm == "custom" and loads_from_network(algorithm, hyperparameters)
    if not (fetches and deployment.fetch_allowed_hosts):
        return {}
    return {"Environment": {FETCH_ALLOWED_HOSTS: deployment.fetch_allowed_hosts}}


def _checkpoints(pipeline: Pipeline, layout: Layout) -> dict[str, Any]:
    """Return the checkpoint folder, which the attempts at one training share.

    The built-in algorithm writes checkpoints for spot training only.
    """
    if pipeline.training.algorithm == "built-in" and not pipeline.training.spot:
        return {}
    folder = layout.output(layout.checkpoints(FIRST_JOB_NAME))
    return {"CheckpointConfig": {"S3Uri": folder, "LocalPath": LOCAL_CHECKPOINTS}}


def _channel(name: str, uri: str, content_type: str, mode: str = "File") -> dict[str, Any]:
    return {
        "ChannelName": name,
        "DataSource": {
            "S3DataSource": {
                "S3DataType": "S3Prefix",
                "S3Uri": uri,
                "S3DataDistributionType": "FullyReplicated",
            }
        },
        "ContentType": content_type,
        "CompressionType": "None",
        "InputMode": mode,
    }


def _resources(pipeline: Pipeline) -> dict[str, Any]:
    training, instance = pipeline.training, pipeline.training.instance
    stopping = {"MaxRuntimeInSeconds": instance.max_runtime_seconds}
    if training.spot:
        stopping["MaxWaitTimeInSeconds"] = training.longest_wait_minutes * 60
    return {
        "ResourceConfig": {
            "InstanceCount": training.instance_count,
            "InstanceType": instance.instance_type,
            "VolumeSizeInGB": instance.volume_gb,
        },
        "StoppingCondition": stopping,
        "EnableManagedSpotTraining": training.spot,
    }
