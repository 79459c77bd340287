"""Request of a processing job that runs one command of the custom image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from include.config.deployment import Deployment
from include.config.instances import InstanceConfig
from include.config.pipeline import Pipeline
from include.contracts.commands import PROCESSING_FOLDER, Command, Input, Output
from include.sagemaker_requests.job import JobRequest, job_request


@dataclass(frozen=True)
class ProcessingStep:
    """A command with its flags, and the S3 addresses of its inputs and outputs."""

    command: Command
    instance: InstanceConfig
    flags: Mapping[str, str]
    inputs: Mapping[Input, str]
    outputs: Mapping[Output, str]
    manifests: frozenset[Input] = frozenset()
    """Inputs whose address is a manifest that lists objects."""
    needs_network: bool = False
    """Whether the command calls S3 or the web itself, which network isolation prevents."""
    instances: int = 1
    sharded: frozenset[Input] = frozenset()
    """Inputs whose objects are divided among the instances; the others go to every instance."""


def processing_request(
    pipeline: Pipeline, deployment: Deployment, step: ProcessingStep
) -> JobRequest:
    """Return the request of the processing job that runs a step, named after its command."""
    flags = [part for flag, value in step.flags.items() for part in (str(flag), value)]
    config = {
        "RoleArn": deployment.role_arn,
        "AppSpecification": {
            "ImageUri": deployment.image_uri,
            "ContainerArguments": [step.command.value, *flags],
        },
        "ProcessingResources": {"ClusterConfig": _cluster(step)},
        "StoppingCondition": {"MaxRuntimeInSeconds": step.instance.max_runtime_seconds},
        "ProcessingInputs": [_input(step, *entry) for entry in step.inputs.items()],
        "ProcessingOutputConfig": {"Outputs": [_output(*entry) for entry in step.outputs.items()]},
    }
    if pipeline.network.isolates and not step.needs_network:
        config["NetworkConfig"] = {"EnableNetworkIsolation": True}
    return job_request(pipeline, deployment, step.command.value, config)


def _cluster(step: ProcessingStep) -> dict[str, Any]:
    return {
        "InstanceCount": step.instances,
        "InstanceType": step.instance.instance_type,
        "VolumeSizeInGB": step.instance.volume_gb,
    }


def _input(step: ProcessingStep, name: Input, uri: str) -> dict[str, Any]:
    sharded = step.instances > 1 and name in step.sharded
    return {
        "InputName": name.value,
        "S3Input": {
            "S3Uri": uri,
            "LocalPath": f"{PROCESSING_FOLDER}/input/{name}",
            "S3DataType": "ManifestFile" if name in step.manifests else "S3Prefix",
            "S3InputMode": "File",
            "S3DataDistributionType": "ShardedByS3Key" if sharded else "FullyReplicated",
        },
    }


def _output(name: Output, uri: str) -> dict[str, Any]:
    return {
        "OutputName": name.value,
        "S3Output": {
            "S3Uri": uri,
            "LocalPath": f"{PROCESSING_FOLDER}/output/{name}",
            "S3UploadMode": "EndOfJob",
        },
    }
