"""Malicious requests and data are refused, or fail only their job."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.include.local_aws.local_server import BUCKET, LocalServer

OUT = f"s3://{BUCKET}/hostile/out"


@pytest.fixture(scope="module")
def data(aws: LocalServer) -> str:
    return aws.put("hostile/data", a="1")


def _leads_out(request: Any) -> None:
    request["OutputDataConfig"]["S3OutputPath"] = f"s3://{BUCKET}/../other/models"


def _checkpoints_lead_out(request: Any) -> None:
    request["CheckpointConfig"] = {"S3Uri": f"s3://{BUCKET}/.."}


def _twice(request: Any) -> None:
    request["InputDataConfig"] *= 2


def _dots(request: Any) -> None:
    request["InputDataConfig"][0]["ChannelName"] = ".."


def _unknown_type(request: Any) -> None:
    source = request["InputDataConfig"][0]["DataSource"]["S3DataSource"]
    source["S3DataType"] = "Converse"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_leads_out, r"models' leads out of its bucket"),
        (_checkpoints_lead_out, "leads out of its bucket"),
        (_twice, "'train' is not valid, or is given twice"),
        (_dots, r"'\.\.' is not valid"),
        (
            _unknown_type,
            "S3DataType Converse: give S3Prefix, ManifestFile or AugmentedManifestFile",
        ),
    ],
)
def test_a_training_is_refused_at_create(
    aws: LocalServer, data: str, change: Any, message: str
) -> None:
    request = aws.training_request(data)
    change(request)
    with pytest.raises(ClientError, match=message):
        aws.sagemaker.create_training_job(**request)


def test_hyperparameters_and_environment_are_not_checked_for_uris(
    aws: LocalServer, data: str
) -> None:
    name = aws.train(data, S3Uri="../anything")
    assert aws.wait_for_job("training", name)["TrainingJobStatus"] == "Completed"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"LocalPath": "/opt/ml/processing/../model"}, "must start with /opt/ml/processing"),
        ({"LocalPath": "/opt/ml/processing-not"}, "must start with /opt/ml/processing"),
        ({"S3InputMode": "Pipe"}, "S3InputMode Pipe"),
        ({"S3Uri": f"s3://{BUCKET}/../x"}, "leads out of its bucket"),
    ],
)
def test_a_processing_job_is_refused_at_create(
    aws: LocalServer, data: str, change: dict[str, str], message: str
) -> None:
    with pytest.raises(ClientError, match=message):
        aws.process(source=data, target=OUT, ProcessingInputs=[_input(data, **change)])


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ([{"prefix": f"s3://{BUCKET}/"}, 7], "is not a manifest"),
        ([{"prefix": f"s3://{BUCKET}/.."}, "x"], "leads out of its bucket"),
        (["a.txt"], "is not a manifest"),
        ({}, "is not a manifest"),
    ],
)
def test_an_invalid_manifest_fails_the_job(aws: LocalServer, manifest: Any, message: str) -> None:
    aws.s3.put_object(Bucket=BUCKET, Key="hostile/manifest", Body=json.dumps(manifest))
    uri = f"s3://{BUCKET}/hostile/manifest"
    inputs = [_input(uri, S3DataType="ManifestFile")]
    name = aws.process(source=uri, target=OUT, ProcessingInputs=inputs)
    assert message in aws.wait_for_job("processing", name)["FailureReason"]


def test_a_key_that_cannot_be_a_file_name_fails_the_job(aws: LocalServer) -> None:
    """S3 has no folders: one key may be the prefix of another."""
    manifest = [{"prefix": f"s3://{BUCKET}/hostile/data/"}, "a.txt", "a.txt/b"]
    aws.s3.put_object(Bucket=BUCKET, Key="hostile/both", Body=json.dumps(manifest))
    uri = f"s3://{BUCKET}/hostile/both"
    inputs = [_input(uri, S3DataType="ManifestFile")]
    reason = aws.wait_for_job(
        "processing", aws.process(source=uri, target=OUT, ProcessingInputs=inputs)
    )["FailureReason"]
    assert reason.startswith(("ClientError: s3://", "ClientError: Could not access s3://"))


def _input(uri: str, **change: str) -> dict[str, Any]:
    s3_input = {"S3Uri": uri, "LocalPath": "/opt/ml/processing/input/source"}
    s3_input |= {"S3DataType": "S3Prefix", "S3InputMode": "File"}
    return {"InputName": "source", "S3Input": s3_input | change}
