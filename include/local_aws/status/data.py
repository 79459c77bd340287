"""The S3 addresses of a job, and the run of Airflow that submitted it."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from include.local_aws.store import Body

TASK_TAG = "sagemaker-jobs:task"
"""The tag of plugins/sagemaker_jobs: `<dag id>/<task id>/<run id>` of the submitting task."""

_LONGEST_TAG = 256


def inputs(body: Body) -> dict[str, str]:
    """Return the S3 URIs that a job reads, by the names of inputs or channels."""
    found = {
        item.get("InputName", ""): item.get("S3Input", {}).get("S3Uri", "")
        for item in body.get("ProcessingInputs", [])
    }
    found |= {item["ChannelName"]: _source(item) for item in body.get("InputDataConfig", [])}
    if "TransformInput" in body:
        found["input"] = _source(body["TransformInput"])
    return {name: uri for name, uri in found.items() if uri}


def outputs(body: Body) -> dict[str, str]:
    """Return the S3 URIs that a job writes, by the names of outputs."""
    found = {
        item["OutputName"]: item.get("S3Output", {}).get("S3Uri", "")
        for item in body.get("ProcessingOutputConfig", {}).get("Outputs", [])
    }
    found["model"] = body.get("ModelArtifacts", {}).get("S3ModelArtifacts", "")
    found["output"] = body.get("TransformOutput", {}).get("S3OutputPath", "")
    found["checkpoints"] = body.get("CheckpointConfig", {}).get("S3Uri", "")
    return {name: uri for name, uri in found.items() if uri}


def _source(item: Mapping[str, Any]) -> str:
    return str(item.get("DataSource", {}).get("S3DataSource", {}).get("S3Uri", ""))


def s3_path(uri: str) -> str:
    """Return the page's path for an S3 URI; empty for other addresses."""
    found = re.fullmatch(r"s3://([^/]+)(?:/(.*))?", uri, re.DOTALL)
    return f"/s3/{quote(found[1], safe='')}/{quote(found[2] or '')}" if found else ""


def airflow_url(base: str, tags: Mapping[str, str]) -> str:
    """Return the URL of the task that submitted a job; empty if it is not known.

    Args:
        base: The URL of Airflow's UI, or an empty text.
        tags: The job's tags.
    """
    value = tags.get(TASK_TAG, "")
    parts = value.split("/", 2)
    if not base or len(parts) != 3 or not all(parts) or len(value) >= _LONGEST_TAG:
        return ""
    dag, task, run = (quote(part, safe="") for part in parts)
    return f"{base.rstrip('/')}/dags/{dag}/runs/{run}/tasks/{task}"
