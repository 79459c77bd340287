"""Interruptions of managed spot training on request."""

import itertools
from typing import Any

import pytest
from botocore.exceptions import ClientError

from include.local_aws.jobs.spot import TAG
from tests.include.local_aws.local_server import BUCKET, LocalServer, unique_name


@pytest.fixture(scope="module")
def data(aws: LocalServer) -> str:
    return aws.put("spot/data", a="1")


def test_an_interrupted_training_resumes_from_its_checkpoints_in_a_new_log_stream(
    aws: LocalServer, data: str
) -> None:
    """The program writes its checkpoint at SIGTERM, and the second attempt ends at once."""
    name = _spot(aws, data, at_sigterm="checkpoint", sleep="60")
    aws.wait_for_log("training", name, "sleeping")
    _interrupt(aws, name)
    job = aws.wait_for_job("training", name)
    assert job["TrainingJobStatus"] == "Completed", job
    first, second = aws.streams("training", name)
    assert "resumed after epoch 7" not in first
    assert first[-1] == "SIGTERM"
    assert "resumed after epoch 7" in second
    steps = job["SecondaryStatusTransitions"]
    assert [step["Status"] for step in steps] == [
        *("Starting", "Downloading", "Training", "Interrupted"),
        *("Starting", "Downloading", "Training", "Uploading", "Completed"),
    ]
    assert all(a["EndTime"] == b["StartTime"] for a, b in itertools.pairwise(steps))
    assert steps[0]["StartTime"] <= job["TrainingStartTime"] <= steps[1]["EndTime"]
    (metric,) = job["FinalMetricDataList"]
    assert metric["Value"] == pytest.approx(0.6)
    assert aws.sagemaker.list_tags(ResourceArn=job["TrainingJobArn"])["Tags"] == []


def test_a_running_training_is_interrupted_by_add_tags_and_can_still_be_stopped(
    aws: LocalServer, data: str
) -> None:
    name = _spot(aws, data, sleep="60")
    aws.wait_for_log("training", name, "sleeping")
    _interrupt(aws, name)
    aws.wait_for_streams("training", name, 2, "sleeping")
    aws.sagemaker.stop_training_job(TrainingJobName=name)
    job = aws.wait_for_job("training", name)
    assert job["TrainingJobStatus"] == "Stopped"
    statuses = [step["Status"] for step in job["SecondaryStatusTransitions"]]
    assert statuses.count("Interrupted") == 1
    assert statuses[-1] == "Stopped"


def test_the_time_limit_counts_all_attempts(aws: LocalServer, data: str) -> None:
    name = _spot(aws, data, seconds=2, sleep="60", tag="1")
    job = aws.wait_for_job("training", name)
    assert job["SecondaryStatus"] == "MaxRuntimeExceeded"
    statuses = [step["Status"] for step in job["SecondaryStatusTransitions"]]
    assert statuses.count("Interrupted") == 1
    assert job["TrainingTimeInSeconds"] < 10


def test_a_job_that_exceeds_its_wait_time_is_stopped(aws: LocalServer, data: str) -> None:
    name = _spot(aws, data, seconds=1, wait=1, sleep="60")
    job = aws.wait_for_job("training", name)
    assert job["TrainingJobStatus"] == "Stopped"
    assert job["SecondaryStatus"] == "MaxWaitTimeExceeded"


@pytest.mark.parametrize(
    ("spot", "wait", "message"),
    [
        (True, None, "must be present and be greater than or equal"),
        (True, 59, "must be present and be greater than or equal"),
        (False, 90, "only supported when EnableManagedSpotTraining is set to true"),
    ],
)
def test_the_wait_time_is_for_spot_only_and_not_shorter_than_the_run_time(
    aws: LocalServer, data: str, spot: bool, wait: int | None, message: str
) -> None:
    request = {**aws.training_request(data), "EnableManagedSpotTraining": spot}
    if wait is not None:
        request["StoppingCondition"]["MaxWaitTimeInSeconds"] = wait
    with pytest.raises(ClientError, match=f"Invalid MaxWaitTimeInSeconds.*{message}"):
        aws.sagemaker.create_training_job(**request)


def test_an_impossible_interruption_is_refused(aws: LocalServer, data: str) -> None:
    request = {**aws.training_request(data), "Tags": [{"Key": TAG, "Value": "0"}]}
    with pytest.raises(ClientError, match="for a training job with EnableManagedSpotTraining"):
        aws.sagemaker.create_training_job(**request)
    with pytest.raises(ClientError, match="is 'soon': give the seconds"):
        _spot(aws, data, tag="soon")
    name = aws.train(data)
    with pytest.raises(ClientError, match="EnableManagedSpotTraining"):
        _interrupt(aws, name)
    aws.wait_for_job("training", name)


def _interrupt(aws: LocalServer, name: str) -> None:
    arn = aws.sagemaker.describe_training_job(TrainingJobName=name)["TrainingJobArn"]
    aws.sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": TAG, "Value": "0"}])


def _spot(
    aws: LocalServer,
    uri: str,
    *,
    seconds: int = 60,
    wait: int = 120,
    tag: str | None = None,
    **hyperparameters: str,
) -> str:
    request: dict[str, Any] = aws.training_request(uri, seconds, **hyperparameters)
    request["EnableManagedSpotTraining"] = True
    request["StoppingCondition"]["MaxWaitTimeInSeconds"] = wait
    place = f"s3://{BUCKET}/spot/checkpoints/{unique_name('c')}"
    request["CheckpointConfig"] = {"S3Uri": place}
    if tag is not None:
        request["Tags"] = [{"Key": TAG, "Value": tag}]
    aws.sagemaker.create_training_job(**request)
    return str(request["TrainingJobName"])
