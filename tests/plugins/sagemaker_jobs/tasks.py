"""Running operators and sensors with a stubbed client, and the job of their tests."""

from typing import Any

from airflow.sdk import BaseOperator
from botocore.stub import ANY, Stubber

from sagemaker_jobs.jobs.ensure import REQUEST_TAG
from sagemaker_jobs.jobs.identity import JobIdentity, request_digest
from tests.plugins.sagemaker_jobs.descriptions import ACCOUNT, training_job

CONFIG = {
    "RoleArn": "arn:aws:iam::123456789012:role/service/Jobs",
    "OutputDataConfig": {"S3OutputPath": "s3://bucket/models/"},
    "StoppingCondition": {"MaxRuntimeInSeconds": 600},
}
REQUEST = {"prefix": "cars", "deployment": "here", "config": CONFIG}
IDENTITY = JobIdentity("here", "cars__training", "submit", "manual__1", -1, 0)
JOB = {
    "kind": "training",
    "job_name": IDENTITY.job_name("cars", renewal=0, attempt=1),
    "attempt": 1,
    "request": REQUEST,
    "identity": IDENTITY.to_dict(),
    "clear_number": 0,
}
NAME = str(JOB["job_name"])


def with_client(operator: Any, client: Any) -> Any:
    """Give an operator this client instead of the client of its connection."""

    class Hook:
        def get_conn(self) -> Any:
            return client

    operator.__dict__["hook"] = Hook()
    return operator


def run(operator: BaseOperator, method: str = "execute", **arguments: Any) -> Any:
    """Call a method of an operator, without Airflow's warning about calls outside of a task."""
    function = getattr(type(operator), method)
    return getattr(function, "__wrapped__", function)(operator, **arguments)


def stub_missing_job(stubber: Stubber) -> None:
    stubber.add_client_error("describe_training_job", "ValidationException", "not found")


def stub_job(
    stubber: Stubber, status: str, *, name: Any = NAME, tagged: bool = True, **fields: Any
) -> None:
    """Stub a job's description and, if `tagged`, its tags."""
    stubber.add_response(
        "describe_training_job", training_job(name, status, **fields), {"TrainingJobName": name}
    )
    if tagged:
        tag = {"Key": REQUEST_TAG, "Value": request_digest("training", CONFIG)}
        stubber.add_response("list_tags", {"Tags": [tag]})


def stub_create(stubber: Stubber, tags: Any = ANY) -> None:
    arn = {"TrainingJobArn": f"{ACCOUNT}:training-job/x"}
    stubber.add_response(
        "create_training_job", arn, {**CONFIG, "TrainingJobName": ANY, "Tags": tags}
    )
