"""A processing job on several instances: shares, logs and a common end."""

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.include.local_aws.local_server import BUCKET, LocalServer
from tests.waiting import LONG

TARGET = f"s3://{BUCKET}/instances"


def test_each_instance_gets_its_share_and_all_replicated_objects(aws: LocalServer) -> None:
    target = f"{TARGET}/shares"
    name = _process(aws, 3, aws.put("several/in", **{f"f{n}": "x" for n in range(7)}), target)
    assert aws.wait_for_job("processing", name)["ProcessingJobStatus"] == "Completed"
    reports = [json.loads(aws.get(f"{target}/algo-{n}.json")) for n in (1, 2, 3)]
    hosts = ["algo-1", "algo-2", "algo-3"]
    assert [r["resources"]["current_host"] for r in reports] == hosts
    assert all(r["resources"]["hosts"] == hosts for r in reports)
    shares = [[n for n in r["seen"] if n.startswith("source/")] for r in reports]
    assert [len(share) for share in shares] == [3, 2, 2]
    assert sorted(name for share in shares for name in share) == [
        f"source/f{n}.txt" for n in range(7)
    ]
    assert all([n for n in r["seen"] if n.startswith("all/")] == ["all/v.txt"] for r in reports)


def test_the_outputs_of_all_instances_are_uploaded_and_the_last_file_of_a_name_is_kept(
    aws: LocalServer,
) -> None:
    target = f"{TARGET}/outputs"
    name = _process(aws, 2, aws.put("several/out", a="1", b="2", c="3"), target)
    assert aws.wait_for_job("processing", name)["ExitMessage"] == "copied"
    assert aws.keys(target) == [
        *("a.txt", "algo-1.json", "algo-2.json"),
        "b.txt",
        "c.txt",
        "last.txt",
    ]
    assert aws.get(f"{target}/last.txt") == b"algo-2"


def test_each_instance_has_its_own_log_stream(aws: LocalServer) -> None:
    name = _process(aws, 2, aws.put("several/log", a="1", b="2"), f"{TARGET}/log")
    aws.wait_for_job("processing", name)
    first, second = (_pid(aws, name, f"algo-{n}") for n in (1, 2))
    assert first != second


def test_an_instance_with_an_empty_share_runs(aws: LocalServer) -> None:
    target = f"{TARGET}/empty"
    name = _process(aws, 2, aws.put("several/one", a="1"), target)
    assert aws.wait_for_job("processing", name)["ProcessingJobStatus"] == "Completed"
    assert json.loads(aws.get(f"{target}/algo-2.json"))["seen"] == ["all/v.txt"]


def test_the_first_failure_stops_the_others_and_gives_the_reason(aws: LocalServer) -> None:
    source = aws.put("several/fail", a="1", b="2", c="3")
    name = _process(aws, 3, source, f"{TARGET}/failed", "fail-on-algo-2")
    job = aws.wait_for_job("processing", name)
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"] == "AlgorithmError: algo-2 failed on purpose, exit code: 4"
    assert job["ExitMessage"] == "algo-2 gave up"
    assert aws.keys(f"{TARGET}/failed") == []
    assert not any(_runs(_pid(aws, name, f"algo-{n}")) for n in (1, 2, 3))


def test_stop_ends_the_programs_of_all_instances(aws: LocalServer) -> None:
    name = _process(aws, 2, aws.put("several/stop", a="1"), f"{TARGET}/stop", "sleep")
    pids = [_pid(aws, name, f"algo-{n}") for n in (1, 2)]
    assert all(map(_runs, pids))
    aws.sagemaker.stop_processing_job(ProcessingJobName=name)
    assert aws.wait_for_job("processing", name)["ProcessingJobStatus"] == "Stopped"
    assert not any(map(_runs, pids))


def test_a_killed_server_leaves_no_instance_running(tmp_path: Path) -> None:
    server = LocalServer(tmp_path / "aws")
    server.start()
    try:
        server.s3.create_bucket(Bucket=BUCKET)
        name = _process(server, 3, server.put("in", a="1"), f"{TARGET}/killed", "sleep")
        pids = [_pid(server, name, f"algo-{n}") for n in (1, 2, 3)]
    finally:
        server.kill()
    deadline = time.monotonic() + LONG
    while any(map(_runs, pids)):
        assert time.monotonic() < deadline, "a program outlived the server"
        time.sleep(0.02)


def test_more_than_eight_instances_are_refused(aws: LocalServer) -> None:
    with pytest.raises(ClientError, match=r"9 instances.*set InstanceCount to 8 at most"):
        _process(aws, 9, TARGET, TARGET)


def _process(aws: LocalServer, count: int, source: str, target: str, mode: str = "copy") -> str:
    """Start a job that shards `source` and replicates another input."""
    inputs = [
        _input("source", source, "ShardedByS3Key"),
        _input("all", aws.put("several/replicated", v="1"), "FullyReplicated"),
    ]
    cluster = {"InstanceCount": count, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 10}
    return aws.process(
        mode,
        source=source,
        target=target,
        ProcessingInputs=inputs,
        ProcessingResources={"ClusterConfig": cluster},
    )


def _input(name: str, uri: str, distribution: str) -> dict[str, Any]:
    s3_input = {"S3Uri": uri, "LocalPath": f"/opt/ml/processing/input/{name}"}
    s3_input |= {"S3DataType": "S3Prefix", "S3InputMode": "File"}
    return {"InputName": name, "S3Input": {**s3_input, "S3DataDistributionType": distribution}}


def _pid(aws: LocalServer, name: str, host: str) -> int:
    """Return the process ID that an instance's program has logged."""
    deadline = time.monotonic() + LONG
    while True:
        for line in aws.log("processing", name, host):
            if line.startswith("pid "):
                return int(line.split()[1])
        assert time.monotonic() < deadline, f"{name}/{host} never logged its pid"
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
