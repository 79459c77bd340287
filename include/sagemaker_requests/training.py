"""RecordIO version to candidate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from include.common.guarded_http import VARIABLE
from include.config.deployment import Deployment
from include.config.errors import PipelineError
from include.config.pipeline import Pipeline
from include.contracts.content_types import FILE_TYPE, MODEL_TYPE, RECORD_TYPE
from include.contracts.metrics import METRICS
from include.sagemaker_requests.job import FIRST_JOB_NAME, JobRequest, job_request
from include.storage.layout import Layout

LOCAL_CHECKPOINTS = "/opt/ml/checkpoints"


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
        PipelineError: top_k is not below the number of classes, so that training would refuse it.
    """
    base = pipeline.training.hyperparameters
    asked = {name: value for name, value in changes.items() if value is not None}
    merged = (
        type(base).model_validate({**base.model_dump(exclude_unset=True), **asked}).as_request()
    )
    if int(merged.get("top_k", 0)) >= counts["classes"]:
        raise PipelineError(
            f"training.hyperparameters.top_k: {merged['top_k']} must be below the number of "
            f"classes, and this dataset version has {counts['classes']}: lower it or leave it out"
        )
    # The algorithm refuses a batch that is larger than the data set, or than a machine's share.
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
        pipeline: Which pipeline trains.
        deployment: Where.
        recordio: The RecordIO version.
        hyperparameters: What `training_hyperparameters` returns.
        shards: By how many instances together its files were written.
        model_uri: The model.tar.gz that it goes on from; None starts as the hyperparameters say.
        dataset_version: Whose class names our image lays beside the model; None leaves them out.
    """
    layout = Layout(deployment.bucket, pipeline.name)
    mode = pipeline.training.input_mode
    records = [
        _channel(name, layout.uri(layout.recordio_part(recordio, name, shards)), RECORD_TYPE, mode)
        for name in ("train", "validation")
    ]
    told, start = _start(hyperparameters, model_uri)
    config = {
        "RoleArn": deployment.role_arn,
        "AlgorithmSpecification": _algorithm(pipeline, deployment),
        "HyperParameters": told,
        "InputDataConfig": [*records, *_names(pipeline, layout, dataset_version), *start],
        "OutputDataConfig": {"S3OutputPath": layout.output(layout.models)},
        **_resources(pipeline),
        **_checkpoints(pipeline, layout),
        **_environment(deployment, told),
        "EnableNetworkIsolation": pipeline.network.isolates_training(
            pipeline.training.algorithm, told
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
    """Return the hyperparameters and the channel with what the training starts from.

    Weights in S3 are a channel, so that SageMaker brings them to jobs without network access, too.
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
    """Return the channel with the classes' names, by which our image's server can answer."""
    if dataset_version is None or pipeline.training.algorithm != "custom":
        return []
    return [_channel("classes", layout.uri(layout.dataset_classes(dataset_version)), FILE_TYPE)]


def _environment(
    deployment: Deployment, hyperparameters: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    """Tell our image which private hosts it may fetch weights from, where it fetches any."""
    fetches = hyperparameters.get("pretrained_model_uri", "").startswith("https://")
    if not (fetches and deployment.fetch_allowed_hosts):
        return {}
    return {"Environment": {VARIABLE: deployment.fetch_allowed_hosts}}


def _checkpoints(pipeline: Pipeline, layout: Layout) -> dict[str, Any]:
    """Ask for checkpoints, where all attempts at a training find them and no other training does.

    The built-in algorithm writes them for spot machines only.
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
