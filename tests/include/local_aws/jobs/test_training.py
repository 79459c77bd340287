import io
import json
import tarfile
import time

import pytest
from botocore.exceptions import ClientError

from include.local_aws.processes.isolation import Isolation
from include.local_aws.settings import program_environment
from tests.include.local_aws.local_server import BUCKET, LocalServer
from tests.waiting import LONG


@pytest.fixture(scope="module")
def data(aws: LocalServer) -> str:
    return aws.put("training/data", a="1", b="2")


@pytest.mark.conformance("CreateTrainingJob")
def test_a_job_downloads_its_channel_and_uploads_its_model_and_output(
    aws: LocalServer, data: str
) -> None:
    name = aws.train(data)
    job = aws.wait_for_job("training", name)
    assert job["TrainingJobStatus"] == "Completed"
    assert "files train/a.txt train/b.txt" in aws.log("training", name)
    uri = job["ModelArtifacts"]["S3ModelArtifacts"]
    assert uri == f"s3://{BUCKET}/models/{name}/output/model.tar.gz"
    with tarfile.open(fileobj=io.BytesIO(aws.get(uri))) as model:
        assert model.getnames() == ["weights"]
    output = aws.get(uri.replace("model.tar.gz", "output.tar.gz"))
    with tarfile.open(fileobj=io.BytesIO(output)) as archive:
        assert archive.getnames() == ["report.json"]


def test_a_program_gets_the_job_and_the_endpoints_but_not_the_servers_environment(
    aws: LocalServer, data: str
) -> None:
    request = aws.training_request(data)
    request["Environment"] = {"MINE": "/opt/ml/input/data/train"}
    aws.sagemaker.create_training_job(**request)
    name = request["TrainingJobName"]
    uri = aws.wait_for_job("training", name)["ModelArtifacts"]["S3ModelArtifacts"]
    output = aws.get(uri.replace("model.tar.gz", "output.tar.gz"))
    with tarfile.open(fileobj=io.BytesIO(output)) as archive:
        seen = json.loads(archive.extractfile("report.json").read())  # type: ignore[union-attr]
    assert seen["TRAINING_JOB_NAME"] == name
    assert seen["TRAINING_JOB_ARN"].endswith(f":training-job/{name}")
    assert seen["MINE"] == seen["SAGEMAKER_BASE_DIR"] + "/input/data/train"
    keys = aws.credentials
    expected = program_environment(aws.url, aws.environment["AWS_ENDPOINT_URL_S3"], keys)
    expected["AWS_REGION"] = "us-east-1"
    assert {k: v for k, v in seen.items() if k.startswith("AWS_")} == expected
    assert not [k for k in seen if k.startswith(("PYTEST", "VIRTUAL_ENV"))]


def test_a_program_finds_its_files_below_opt_ml_if_mount_namespaces_are_allowed(
    aws: LocalServer, data: str
) -> None:
    name = aws.train(data)
    aws.wait_for_job("training", name)
    assert f"/opt/ml is mine: {Isolation().private}" in aws.log("training", name)


def test_a_model_without_compression_is_stored_file_by_file(aws: LocalServer, data: str) -> None:
    request = aws.training_request(data, model="a,b")
    request["OutputDataConfig"]["CompressionType"] = "NONE"
    aws.sagemaker.create_training_job(**request)
    name = request["TrainingJobName"]
    uri = aws.wait_for_job("training", name)["ModelArtifacts"]["S3ModelArtifacts"]
    assert uri == f"s3://{BUCKET}/models/{name}/output/model/"
    assert aws.keys(f"s3://{BUCKET}/models/{name}/output/") == [
        *("model/a", "model/b"),
        "output/report.json",
    ]


def test_an_invalid_metric_expression_is_refused_by_name(aws: LocalServer, data: str) -> None:
    """Before this check, the job never ended."""
    request = aws.training_request(data)
    request["AlgorithmSpecification"]["MetricDefinitions"] = [{"Name": "loss", "Regex": "(["}]
    with pytest.raises(ClientError, match=r"Regex of the metric 'loss' is not a regular .*: \(\["):
        aws.sagemaker.create_training_job(**request)


@pytest.mark.conformance("CreateTrainingJob", "DescribeTrainingJob")
def test_secondary_statuses_have_sagemakers_order(aws: LocalServer, data: str) -> None:
    job = aws.wait_for_job("training", aws.train(data))
    steps = job["SecondaryStatusTransitions"]
    assert [step["Status"] for step in steps] == [
        "Starting",
        "Downloading",
        "Training",
        "Uploading",
        "Completed",
    ]
    assert steps[-1]["StatusMessage"] == "Training job completed"
    assert all(step["StartTime"] <= step["EndTime"] for step in steps)
    assert job["TrainingStartTime"] <= job["TrainingEndTime"]
    assert job["BillableTimeInSeconds"] >= 1


@pytest.mark.conformance("DescribeTrainingJob")
def test_the_last_value_of_each_metric_is_reported(aws: LocalServer, data: str) -> None:
    job = aws.wait_for_job("training", aws.train(data))
    (metric,) = job["FinalMetricDataList"]
    assert (metric["MetricName"], metric["Value"]) == ("validation:accuracy", pytest.approx(0.6))


@pytest.mark.conformance("DescribeTrainingJob")
def test_a_failure_file_and_the_exit_code_become_the_reason(aws: LocalServer, data: str) -> None:
    job = aws.wait_for_job("training", aws.train(data, failure="too few images", exit="3"))
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"] == "AlgorithmError: too few images, exit code: 3"
    assert job["SecondaryStatusTransitions"][-1]["StatusMessage"] == job["FailureReason"]


def test_a_failure_without_a_file_refers_to_the_log(aws: LocalServer, data: str) -> None:
    job = aws.wait_for_job("training", aws.train(data, exit="1"))
    assert job["FailureReason"] == (
        "AlgorithmError: See job logs for more information, exit code: 1"
    )


def test_an_unknown_image_fails_with_its_name_and_the_registry(aws: LocalServer, data: str) -> None:
    request = aws.training_request(data)
    request["AlgorithmSpecification"]["TrainingImage"] = "nobody/knows:1"
    aws.sagemaker.create_training_job(**request)
    reason = aws.wait_for_job("training", request["TrainingJobName"])["FailureReason"]
    assert reason == (
        f"ClientError: Cannot find the requested image nobody/knows:1: add it to {aws.images}"
    )


def test_a_missing_bucket_is_a_client_error(aws: LocalServer, data: str) -> None:
    request = aws.training_request(data)
    request["OutputDataConfig"]["S3OutputPath"] = "s3://no-such-bucket/models"
    aws.sagemaker.create_training_job(**request)
    job = aws.wait_for_job("training", request["TrainingJobName"])
    assert job["FailureReason"].startswith("ClientError: ")
    assert "no-such-bucket" in job["FailureReason"] or "NoSuchBucket" in job["FailureReason"]


@pytest.mark.conformance("StopTrainingJob")
def test_a_stopped_job_keeps_the_model_that_it_saved(aws: LocalServer, data: str) -> None:
    name = aws.train(data, sleep="60")
    aws.wait_for_log("training", name, "sleeping")
    aws.sagemaker.stop_training_job(TrainingJobName=name)
    job = aws.wait_for_job("training", name)
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "Stopped")
    assert job["SecondaryStatusTransitions"][-1]["StatusMessage"] == "Training job stopped"
    assert aws.keys(job["ModelArtifacts"]["S3ModelArtifacts"])
    with pytest.raises(ClientError, match="rejected because the training job is in status Stopped"):
        aws.sagemaker.stop_training_job(TrainingJobName=name)


@pytest.mark.conformance("CreateTrainingJob")
def test_a_job_that_exceeds_its_run_time_is_stopped(aws: LocalServer, data: str) -> None:
    job = aws.wait_for_job("training", aws.train(data, seconds=1, sleep="60"))
    assert job["TrainingJobStatus"] == "Stopped"
    assert job["SecondaryStatus"] == "MaxRuntimeExceeded"


def test_checkpoints_are_copied_while_a_job_runs_and_restored_for_the_next(
    aws: LocalServer, data: str
) -> None:
    place = {"S3Uri": f"s3://{BUCKET}/checkpoints"}
    first = {**aws.training_request(data, checkpoint="7", sleep="60"), "CheckpointConfig": place}
    aws.sagemaker.create_training_job(**first)
    deadline = time.monotonic() + LONG
    while not aws.keys(place["S3Uri"]):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    aws.sagemaker.stop_training_job(TrainingJobName=first["TrainingJobName"])
    aws.wait_for_job("training", first["TrainingJobName"])

    second = {**aws.training_request(data), "CheckpointConfig": place}
    aws.sagemaker.create_training_job(**second)
    aws.wait_for_job("training", second["TrainingJobName"])
    assert "resumed after epoch 7" in aws.log("training", second["TrainingJobName"])


def test_orphan_processes_of_a_program_end_with_it(aws: LocalServer, data: str) -> None:
    seconds = str(600 + time.time_ns() % 1000 / 1000)  # different from any other sleep
    aws.wait_for_job("training", aws.train(data, orphan=seconds))
    assert not _running("sleep", seconds)


@pytest.mark.conformance("CreateTrainingJob")
def test_an_empty_prefix_is_refused_at_create(aws: LocalServer) -> None:
    with pytest.raises(ClientError) as refused:
        aws.train(f"s3://{BUCKET}/nothing/here")
    assert refused.value.response["Error"]["Code"] == "ValidationException"
    assert "No S3 objects found under S3 URL" in str(refused.value)


@pytest.mark.conformance("CreateTrainingJob")
def test_a_job_name_can_be_used_once(aws: LocalServer, data: str) -> None:
    request = aws.training_request(data)
    arn = aws.sagemaker.create_training_job(**request)["TrainingJobArn"]
    with pytest.raises(aws.sagemaker.exceptions.ResourceInUse) as refused:
        aws.sagemaker.create_training_job(**request)
    assert refused.value.response["Error"]["Message"] == (
        "Job name must be unique within an AWS account and region, "
        f"and a job with this name already exists ({arn})"
    )
    aws.wait_for_job("training", request["TrainingJobName"])


@pytest.mark.conformance("ListTrainingJobs")
def test_jobs_are_listed_by_name_and_status(aws: LocalServer, data: str) -> None:
    good, bad = aws.train(data), aws.train(data, exit="1")
    for name in (good, bad):
        aws.wait_for_job("training", name)

    def listed(**request: str) -> list[str]:
        found = aws.sagemaker.list_training_jobs(**request)["TrainingJobSummaries"]
        return [summary["TrainingJobName"] for summary in found]

    assert listed(NameContains=good, StatusEquals="Completed") == [good]
    assert listed(NameContains=good, StatusEquals="Failed") == []
    assert listed(NameContains=bad, StatusEquals="Failed") == [bad]


def test_the_work_directory_is_removed(aws: LocalServer, data: str) -> None:
    name = aws.train(data)
    aws.wait_for_job("training", name)
    deadline = time.monotonic() + LONG
    directory = aws.root / "work/training-job" / name
    while directory.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not directory.exists()


def _running(*command: str) -> bool:
    from pathlib import Path

    wanted = b"\0".join(part.encode() for part in command)
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if entry.read_bytes().rstrip(b"\0").endswith(wanted):
                return True
        except OSError:
            continue
    return False
