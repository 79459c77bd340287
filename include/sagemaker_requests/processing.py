"""A processing job that runs one program of our image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from include.config.deployment import Deployment
from include.config.instances import InstanceConfig
from include.config.pipeline import Pipeline
from include.sagemaker_requests.job import JobRequest, job_request

BASE = "/opt/ml/processing"


@dataclass(frozen=True)
class Program:
    """Which program runs on what: inputs and outputs are S3 addresses by name."""

    name: str
    instance: InstanceConfig
    flags: dict[str, str]
    inputs: dict[str, str]
    outputs: dict[str, str]
    manifests: frozenset[str] = frozenset()
    """The inputs whose address is a manifest that lists objects."""
    instances: int = 1
    sharded: frozenset[str] = frozenset()
    """The inputs whose objects are divided among the instances; the others have all of them."""


def processing_request(pipeline: Pipeline, deployment: Deployment, program: Program) -> JobRequest:
    """Return the request of the processing job that runs a program; its stage is its name."""
    flags = [part for flag, value in program.flags.items() for part in (f"--{flag}", value)]
    config = {
        "RoleArn": deployment.role_arn,
        "AppSpecification": {
            "ImageUri": deployment.image_uri,
            "ContainerArguments": [program.name, *flags],
        },
        "ProcessingResources": {"ClusterConfig": _cluster(program)},
        "StoppingCondition": {"MaxRuntimeInSeconds": program.instance.max_runtime_seconds},
        "ProcessingInputs": [_input(program, *entry) for entry in program.inputs.items()],
        "ProcessingOutputConfig": {
            "Outputs": [_output(*entry) for entry in program.outputs.items()]
        },
    }
    if pipeline.network.isolates:
        config["NetworkConfig"] = {"EnableNetworkIsolation": True}
    return job_request(pipeline, deployment, program.name, config)


def _cluster(program: Program) -> dict[str, Any]:
    return {
        "InstanceCount": program.instances,
        "InstanceType": program.instance.instance_type,
        "VolumeSizeInGB": program.instance.volume_gb,
    }


def _input(program: Program, name: str, uri: str) -> dict[str, Any]:
    sharded = program.instances > 1 and name in program.sharded
    return {
        "InputName": name,
        "S3Input": {
            "S3Uri": uri,
            "LocalPath": f"{BASE}/input/{name}",
            "S3DataType": "ManifestFile" if name in program.manifests else "S3Prefix",
            "S3InputMode": "File",
            "S3DataDistributionType": "ShardedByS3Key" if sharded else "FullyReplicated",
        },
    }


def _output(name: str, uri: str) -> dict[str, Any]:
    return {
        "OutputName": name,
        "S3Output": {
            "S3Uri": uri,
            "LocalPath": f"{BASE}/output/{name}",
            "S3UploadMode": "EndOfJob",
        },
    }
