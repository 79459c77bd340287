import gzip
import itertools
import json
import struct
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from include.local_aws.errors import JobFailure
from include.local_aws.jobs.transforms.sending import Limits
from include.local_aws.jobs.transforms.splitting import split
from tests.include.local_aws.local_server import BUCKET, IMAGE, ROLE, LocalServer, unique_name
from tests.waiting import LONG

_TARGET = f"s3://{BUCKET}/transformed"


@pytest.fixture(scope="module")
def model(aws: LocalServer) -> str:
    return aws.model(VERSION="1")


def _create(aws: LocalServer, model: str, uri: str, target: str, **request: Any) -> str:
    name = unique_name("transform")
    kind = "ManifestFile" if uri.endswith(".manifest") else "S3Prefix"
    source = {"S3DataSource": {"S3DataType": kind, "S3Uri": uri}}
    aws.sagemaker.create_transform_job(
        **{
            "TransformJobName": name,
            "ModelName": model,
            "TransformInput": {"DataSource": source, "ContentType": "image/png"},
            "TransformOutput": {"S3OutputPath": target},
            "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
            **request,
        }
    )
    return name


@pytest.mark.conformance("CreateTransformJob")
def test_each_object_has_an_answer_at_its_relative_key(aws: LocalServer, model: str) -> None:
    uri = aws.put("transform/in", a="1", b="22")
    aws.put("transform/in/deep", c="333")
    name = _create(aws, model, uri + "/", f"{_TARGET}/all", MaxConcurrentTransforms=2)
    assert aws.wait_for_job("transform", name)["TransformJobStatus"] == "Completed"
    assert aws.keys(f"{_TARGET}/all") == ["a.txt.out", "b.txt.out", "deep/c.txt.out"]
    answer = json.loads(aws.get(f"{_TARGET}/all/b.txt.out"))
    assert (answer["length"], answer["type"], answer["batch"]) == (2, "image/png", "true")


def test_a_manifest_lists_the_objects(aws: LocalServer, model: str) -> None:
    uri = aws.put("transform/many", a="1", b="2", c="3")
    manifest = json.dumps([{"prefix": uri + "/"}, "a.txt", "c.txt"])
    aws.s3.put_object(Bucket=BUCKET, Key="transform/some.manifest", Body=manifest)
    name = _create(aws, model, f"s3://{BUCKET}/transform/some.manifest", f"{_TARGET}/some")
    assert aws.wait_for_job("transform", name)["TransformJobStatus"] == "Completed"
    assert aws.keys(f"{_TARGET}/some") == ["a.txt.out", "c.txt.out"]


@pytest.mark.conformance("DescribeTransformJob")
def test_a_failed_object_fails_the_job_and_other_answers_are_kept(
    aws: LocalServer, model: str
) -> None:
    uri = aws.put("transform/mixed", a="1", b="bad", c="3")
    job = aws.wait_for_job("transform", _create(aws, model, uri, f"{_TARGET}/mixed"))
    assert job["TransformJobStatus"] == "Failed"
    assert f"{uri}/b.txt: Bad HTTP status" in job["FailureReason"]
    assert "400 not an image" in job["FailureReason"]
    assert aws.keys(f"{_TARGET}/mixed") == ["a.txt.out", "c.txt.out"]
    limits, failure = aws.log("transform", job["TransformJobName"], "data-log")
    assert limits == "MaxConcurrentTransforms=1, MaxPayloadInMB=6, BatchStrategy=MULTI_RECORD"
    assert failure == f"{uri}/b.txt: Bad HTTP status received from algorithm: 400 not an image"


def test_records_are_filtered_sent_singly_and_joined_with_their_answers(
    aws: LocalServer, model: str
) -> None:
    """The object is compressed by Gzip, and each answer is a line."""
    rows = [{"id": 1, "x": [1, 2]}, {"id": 2, "x": [3]}]
    packed = gzip.compress("\n".join(map(json.dumps, rows)).encode())
    aws.s3.put_object(Bucket=BUCKET, Key="transform/rows.gz", Body=packed)
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/transform/rows.gz"}
    name = _create(
        aws,
        model,
        "",
        "",
        TransformInput={
            "DataSource": {"S3DataSource": source},
            "ContentType": "application/jsonlines",
            "CompressionType": "Gzip",
            "SplitType": "Line",
        },
        TransformOutput={"S3OutputPath": f"{_TARGET}/joined", "AssembleWith": "Line"},
        BatchStrategy="SingleRecord",
        DataProcessing={
            "InputFilter": "$.x",
            "JoinSource": "Input",
            "OutputFilter": "$['id','SageMakerOutput']",
        },
    )
    job = aws.wait_for_job("transform", name)
    assert job["TransformJobStatus"] == "Completed", job
    lines = aws.get(f"{_TARGET}/joined/rows.gz.out").splitlines()
    answers = [json.loads(line) for line in lines]
    assert [a["id"] for a in answers] == [1, 2]
    assert [a["SageMakerOutput"]["length"] for a in answers] == [len(b"[1,2]\n"), len(b"[3]")]


def test_a_model_without_compression_is_served(aws: LocalServer) -> None:
    """The model of a training with CompressionType NONE is a ModelDataSource with the same type."""
    uri = aws.put("transform/plain", a="1")
    request = aws.training_request(uri)
    request["OutputDataConfig"]["CompressionType"] = "NONE"
    aws.sagemaker.create_training_job(**request)
    trained = aws.wait_for_job("training", request["TrainingJobName"])
    source = {"S3Uri": trained["ModelArtifacts"]["S3ModelArtifacts"], "S3DataType": "S3Prefix"}
    model = unique_name("plain")
    aws.sagemaker.create_model(
        ModelName=model,
        PrimaryContainer={
            "Image": IMAGE,
            "ModelDataSource": {"S3DataSource": {**source, "CompressionType": "None"}},
        },
        ExecutionRoleArn=ROLE,
    )
    job = aws.wait_for_job("transform", _create(aws, model, uri, f"{_TARGET}/plain"))
    assert job["TransformJobStatus"] == "Completed", job
    assert json.loads(aws.get(f"{_TARGET}/plain/a.txt.out"))["model"] == "trained"


@pytest.mark.conformance("StopTransformJob")
def test_a_stopped_transform_ends_soon(aws: LocalServer) -> None:
    uri = aws.put("transform/stopped", a="1")
    name = _create(aws, aws.model(START_DELAY="60"), uri, f"{_TARGET}/stopped")
    aws.sagemaker.stop_transform_job(TransformJobName=name)
    job = aws.wait_for_job("transform", name)
    assert job["TransformJobStatus"] == "Stopped"
    assert aws.keys(f"{_TARGET}/stopped") == []


def test_a_stop_does_not_wait_for_the_current_request(aws: LocalServer) -> None:
    uri = aws.put("transform/slow", a="1", b="2")
    name = _create(aws, aws.model(DELAY="300"), uri, f"{_TARGET}/slow")
    deadline = time.monotonic() + LONG
    while "data-log" not in str(_streams(aws, name)):  # the stream exists when it sends
        assert time.monotonic() < deadline
        time.sleep(0.1)
    begun = time.monotonic()
    aws.sagemaker.stop_transform_job(TransformJobName=name)
    assert aws.wait_for_job("transform", name)["TransformJobStatus"] == "Stopped"
    assert time.monotonic() - begun < 30
    assert aws.keys(f"{_TARGET}/slow") == []


def _streams(aws: LocalServer, name: str) -> Any:
    return aws.client("logs").describe_log_streams(
        logGroupName="/aws/sagemaker/TransformJobs", logStreamNamePrefix=f"{name}/"
    )["logStreams"]


def test_a_missing_object_of_a_manifest_fails_by_name(aws: LocalServer, model: str) -> None:
    manifest = json.dumps([{"prefix": f"s3://{BUCKET}/transform/"}, "not-there.jpg"])
    aws.s3.put_object(Bucket=BUCKET, Key="transform/vain.manifest", Body=manifest)
    name = _create(aws, model, f"s3://{BUCKET}/transform/vain.manifest", f"{_TARGET}/vain")
    assert "transform/not-there.jpg" in aws.wait_for_job("transform", name)["FailureReason"]


def test_a_model_server_that_dies_fails_the_job(aws: LocalServer) -> None:
    uri = aws.put("transform/dies", a="1")
    job = aws.wait_for_job("transform", _create(aws, aws.model(DIES_AT_START="1"), uri, _TARGET))
    assert "did not pass the ping health check: it ended with exit code 7" in job["FailureReason"]


@pytest.mark.conformance("CreateTransformJob")
def test_an_unknown_model_is_refused(aws: LocalServer) -> None:
    with pytest.raises(ClientError, match="Could not find model"):
        _create(aws, "no-such-model", f"s3://{BUCKET}/transform/in", _TARGET)


@pytest.mark.parametrize(
    ("single", "expected"), [(True, [b"a\n", b"bb\n", b"c"]), (False, [b"a\nbb\n", b"c"])]
)
def test_lines_are_sent_singly_or_up_to_the_payload(single: bool, expected: list[bytes]) -> None:
    assert _split(b"a\nbb\nc", "Line", 5, single=single) == expected
    assert _split(b"a\nbb\nc", "None", 5, single=single) == [b"a\nbb\nc"]


def _split(content: bytes, split_type: str, payload: int, *, single: bool) -> list[bytes]:
    return list(split([content], split_type, payload, single=single))


@settings(deadline=None)  # other tests may use the processors
@given(
    records=st.lists(st.binary(max_size=20)),
    cuts=st.lists(st.integers(0, 300), max_size=8),
    split_type=st.sampled_from(["None", "Line", "RecordIO"]),
    payload=st.integers(1, 60),
    single=st.booleans(),
)
def test_the_bodies_do_not_depend_on_the_pieces_of_the_object(
    records: list[bytes], cuts: list[int], split_type: str, payload: int, single: bool
) -> None:
    content = b"".join(map(part, records)) if split_type == "RecordIO" else b"\n".join(records)
    bounds = [0, *sorted(cuts), len(content)]
    pieces = [content[a:b] for a, b in itertools.pairwise(bounds)]
    bodies = list(split(pieces, split_type, payload, single=single))
    assert bodies == _split(content, split_type, payload, single=single)
    if not (single and split_type == "RecordIO"):
        assert b"".join(bodies) == content


def test_at_most_one_body_and_one_piece_are_in_memory() -> None:
    """A body is yielded before the next piece is read."""
    read: list[int] = []

    def pieces() -> Iterator[bytes]:
        for number in range(4):
            read.append(number)
            yield b"line\n" * 10

    bodies = split(pieces(), "Line", 50, single=False)
    next(bodies)
    assert len(read) <= 2


MAGIC = struct.pack("<I", 0xCED7230A)


def part(data: bytes, flag: int = 0) -> bytes:
    return MAGIC + struct.pack("<I", flag << 29 | len(data)) + data + bytes(-len(data) % 4)


def test_recordio_is_sent_singly_without_frames_or_together_with_frames() -> None:
    divided = part(b"left", 1) + part(b"", 2) + part(b"right", 3)
    content = part(b"one") + divided + part(b"three")
    assert _split(content, "RecordIO", 0, single=True) == [
        b"one",
        b"left" + MAGIC + MAGIC + b"right",
        b"three",
    ]
    assert _split(content, "RecordIO", 10_000, single=False) == [content]
    assert _split(content, "RecordIO", 20, single=False) == [part(b"one"), divided, part(b"three")]


@pytest.mark.parametrize(
    "content", [b"hello", part(b"one")[:-1], part(b"left", 1), part(b"one") + MAGIC]
)
def test_invalid_or_incomplete_recordio_fails_the_job(content: bytes) -> None:
    with pytest.raises(JobFailure, match="RecordIO"):
        _split(content, "RecordIO", 100, single=True)


@pytest.mark.parametrize("strategy", ["SINGLE_RECORD", "SingleRecord"])
def test_both_spellings_of_a_strategy_are_read(strategy: str) -> None:
    assert Limits.of({}, {"BatchStrategy": strategy}).is_single
    assert not Limits.of({}, {}).is_single


def test_limits_come_from_the_request_then_the_container_then_the_default() -> None:
    parameters = {
        "MaxConcurrentTransforms": 3,
        "MaxPayloadInMB": 2,
        "BatchStrategy": "SingleRecord",
    }
    assert Limits.of({}, {}) == Limits(1, 6 * 1024**2, "MultiRecord")
    assert Limits.of({}, parameters) == Limits(3, 2 * 1024**2, "SingleRecord")
    assert Limits.of({"MaxConcurrentTransforms": 4}, parameters).concurrency == 4
