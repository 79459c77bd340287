"""Answers of SageMaker for the tests, and task contexts without a metadata database."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

STARTED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ENDED = STARTED + timedelta(seconds=90)
ACCOUNT = "arn:aws:sagemaker:us-east-1:123456789012"


def training_job(name: str = "cars-train-1", status: str = "InProgress", **fields: Any) -> Any:
    """Return an answer of DescribeTrainingJob."""
    return {
        "TrainingJobName": name,
        "TrainingJobArn": f"{ACCOUNT}:training-job/{name}",
        "ModelArtifacts": {"S3ModelArtifacts": f"s3://bucket/models/{name}/output/model.tar.gz"},
        "TrainingJobStatus": status,
        "SecondaryStatus": status if status != "InProgress" else "Training",
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        "ResourceConfig": {
            "InstanceType": "ml.c5.xlarge",
            "InstanceCount": 2,
            "VolumeSizeInGB": 30,
        },
        "CreationTime": STARTED,
        **fields,
    }


def endpoint(status: str = "InService", config: str = "new", **fields: Any) -> Any:
    """Return an answer of DescribeEndpoint."""
    return {
        "EndpointName": "cars",
        "EndpointArn": f"{ACCOUNT}:endpoint/cars",
        "EndpointConfigName": config,
        "EndpointStatus": status,
        "CreationTime": STARTED,
        "LastModifiedTime": STARTED,
        **fields,
    }


def context(
    *, max_tries: int = 2, retries: int = 2, clear_number: int = 0, map_index: int = -1
) -> Any:
    """Return the parts of a task's context that the package reads; by default without clears.

    The XComs that a task pushes are in ``pushed``.
    """
    pushed: dict[str, Any] = {}
    ti = SimpleNamespace(
        dag_id="cars__training",
        task_id="submit",
        run_id="manual__1",
        map_index=map_index,
        max_tries=max_tries,
        xcom_push=lambda key, value: pushed.update({key: value}),
    )
    return {
        "pushed": pushed,
        "ti": ti,
        "task": SimpleNamespace(retries=retries),
        "dag_run": SimpleNamespace(clear_number=clear_number),
    }
