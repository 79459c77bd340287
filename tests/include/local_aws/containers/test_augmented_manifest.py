"""Augmented manifests: a pipe of the attributes of JSON lines."""

import gzip
import hashlib
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from include.image_classification.recordio.framing import frame
from tests.include.local_aws.local_server import BUCKET, LocalServer

ATTRIBUTES = ["source-ref", "class"]
FIRST, SECOND = b"first" * 100_000, b"second"


@pytest.fixture(scope="module")
def photos(aws: LocalServer) -> str:
    return aws.put("augmented/photos", first=FIRST, second=SECOND)


def test_the_attributes_of_each_line_become_records_in_the_requested_order(
    aws: LocalServer, photos: str
) -> None:
    lines: list[dict[str, Any]] = [
        {"class": "0", "source-ref": f"{photos}/first.txt", "class-metadata": {"type": "x"}},
        {"source-ref": f"{photos}/second.txt", "class": [0, 1]},
        {"source-ref": f"{photos}/first.txt", "class": {"a": 2}},
    ]
    values = [FIRST, b"0", SECOND, b"[0, 1]", FIRST, b'{"a": 2}']
    assert _epochs(aws, lines, 2) == [_digest(values)] * 2


def test_without_a_wrapper_the_values_follow_each_other(aws: LocalServer, photos: str) -> None:
    lines = [{"source-ref": f"{photos}/second.txt", "class": 1}]
    found = _epochs(aws, lines, 1, {"RecordWrapperType": "None"})
    assert found == [f"{len(SECOND) + 1} {hashlib.sha256(SECOND + b'1').hexdigest()}"]


def test_objects_are_decompressed(aws: LocalServer) -> None:
    uri = aws.put("augmented/packed", photo=gzip.compress(SECOND))
    lines = [{"source-ref": f"{uri}/photo.txt", "class": 1}]
    assert _epochs(aws, lines, 1, {"CompressionType": "Gzip"}) == [_digest([SECOND, b"1"])]


def test_with_a_seed_each_epoch_has_another_order(aws: LocalServer, photos: str) -> None:
    lines = [{"source-ref": f"{photos}/second.txt", "class": number} for number in range(20)]
    found = _epochs(aws, lines, 3, {"ShuffleConfig": {"Seed": 3}})
    assert len({*found}) == 3
    assert _epochs(aws, lines, 1, {"ShuffleConfig": {"Seed": 3}}) == found[:1]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"source-ref": "s3://bucket/a"', "line 4: it is not JSON: Expecting ',' delimiter"),
        ("[1, 2]", "line 4: it is not a JSON object"),
        ("[" * 100_000, "line 4: it is not JSON"),
        (
            '{"source-ref": "s3://bucket/a", "label": 1}',
            "line 4: it has no attribute 'class', which AttributeNames names; it has 'source-ref', "
            "'label'",
        ),
        ('{"source-ref": "s3://bucket/a", "class": null}', "line 4: it has no attribute 'class'"),
        ('{"source-ref": "a.jpg", "class": 1}', "line 4: attribute 'source-ref': 'a.jpg' is not"),
        ('{"source-ref": 5, "class": 1}', "line 4: attribute 'source-ref': '5' is not an S3 URI"),
        (
            '{"source-ref": "s3://bucket/../a", "class": 1}',
            "line 4: attribute 'source-ref': 's3://bucket/../a' leads out of its bucket",
        ),
        (
            '{"source-ref": "s3://bucket/augmented/none.jpg", "class": 1}',
            "line 4: Could not access s3://bucket/augmented/none.jpg: (404)",
        ),
    ],
)
def test_an_unusable_line_fails_the_job_with_its_number(
    aws: LocalServer, photos: str, line: str, message: str
) -> None:
    """Blank lines count, so that the number is an editor's."""
    good = json.dumps({"source-ref": f"{photos}/second.txt", "class": 0})
    job = _job(aws, f"{good}\n\n{good}\r\n{line}\n{good}")
    assert job["TrainingJobStatus"] == "Failed"
    uri = f"s3://{BUCKET}/augmented/train.manifest"
    assert job["FailureReason"].startswith(f"ClientError: {uri} {message}")


def test_a_manifest_without_lines_fails_the_job(aws: LocalServer) -> None:
    job = _job(aws, "\n\n")
    assert job["FailureReason"].endswith("is an augmented manifest without lines")


def test_hosts_share_the_lines_of_a_sharded_channel(aws: LocalServer, photos: str) -> None:
    lines = [{"source-ref": f"{photos}/second.txt", "class": number} for number in range(3)]
    request = _request(aws, "\n".join(map(json.dumps, lines)), 1)
    source = request["InputDataConfig"][0]["DataSource"]["S3DataSource"]
    source["S3DataDistributionType"] = "ShardedByS3Key"
    request["ResourceConfig"]["InstanceCount"] = 2
    aws.sagemaker.create_training_job(**request)
    name = request["TrainingJobName"]
    assert aws.wait_for_job("training", name)["TrainingJobStatus"] == "Completed"
    shares = [[SECOND, b"0", SECOND, b"2"], [SECOND, b"1"]]
    for host, share in zip(("algo-1", "algo-2"), shares, strict=True):
        assert f"epoch 0 {_digest(share)}" in aws.log("training", name, host)


@pytest.mark.parametrize(
    ("channel", "source", "message"),
    [
        (
            {"InputMode": "File"},
            {},
            "Channel 'train': .*ManifestFile needs InputMode Pipe",
        ),
        ({}, {"AttributeNames": []}, r"needs AttributeNames, for example \[\"source-ref\""),
        ({}, {"S3DataType": "S3Prefix"}, "AttributeNames needs S3DataType AugmentedManifestFile"),
    ],
)
def test_an_incomplete_request_is_refused(
    aws: LocalServer, channel: dict[str, str], source: dict[str, Any], message: str
) -> None:
    request = _request(aws, "{}", 1)
    request["InputDataConfig"][0] |= channel
    request["InputDataConfig"][0]["DataSource"]["S3DataSource"] |= source
    with pytest.raises(ClientError, match=message):
        aws.sagemaker.create_training_job(**request)


def _request(
    aws: LocalServer, manifest: str, epochs: int, channel: dict[str, Any] | None = None
) -> Any:
    key = "augmented/train.manifest"
    aws.s3.put_object(Bucket=BUCKET, Key=key, Body=manifest.encode())
    request = aws.training_request(f"s3://{BUCKET}/{key}", 60, pipe=str(epochs))
    request["InputDataConfig"][0] |= {
        "InputMode": "Pipe",
        "RecordWrapperType": "RecordIO",
        **(channel or {}),
    }
    request["InputDataConfig"][0]["DataSource"]["S3DataSource"] |= {
        "S3DataType": "AugmentedManifestFile",
        "AttributeNames": ATTRIBUTES,
    }
    return request


def _job(aws: LocalServer, manifest: str) -> Any:
    request = _request(aws, manifest, 1)
    aws.sagemaker.create_training_job(**request)
    return aws.wait_for_job("training", request["TrainingJobName"])


def _epochs(
    aws: LocalServer,
    lines: list[dict[str, Any]],
    epochs: int,
    channel: dict[str, Any] | None = None,
) -> list[str]:
    """Return the size and digest of what a program read in each epoch."""
    request = _request(aws, "\n".join(map(json.dumps, lines)), epochs, channel)
    aws.sagemaker.create_training_job(**request)
    name = request["TrainingJobName"]
    job = aws.wait_for_job("training", name)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    log = [line for line in aws.log("training", name) if line.startswith("epoch ")]
    return [line.split(maxsplit=2)[2] for line in log]


def _digest(values: list[bytes]) -> str:
    # The frames of the container, whose reader has other tests.
    sent = b"".join(map(frame, values))
    return f"{len(sent)} {hashlib.sha256(sent).hexdigest()}"
