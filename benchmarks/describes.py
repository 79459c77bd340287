"""Latency of 100 describe calls per second in the local AWS while a training uses both cores."""

from __future__ import annotations

import http.client
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from benchmarks import photos
from benchmarks.conversion import environment
from benchmarks.invoke import PROGRAM, PROJECT
from benchmarks.local_aws import BUCKET, IMAGE, ROLE, RunningServer, local_aws
from benchmarks.pairs import Ratio

RATE = 100  # calls per second
SECONDS = 60
CLIENTS = 8
PHOTOS, SIDE = 640, 128
NAME = "describes"
TIMEOUT_SECONDS = 120.0  # seconds
HEADERS = {
    "Content-Type": "application/x-amz-json-1.1",
    "X-Amz-Target": "SageMaker.DescribeTrainingJob",
}


def describes(folder: Path) -> Ratio:
    """Return the p99 latencies in milliseconds, during a training and after its stop."""
    program = ["/usr/bin/env", f"PYTHONPATH={PROJECT}", sys.executable, *PROGRAM]
    with local_aws(folder, program) as aws:
        _train(aws, _records(folder))
        while_training = _latencies(aws)
        sagemaker = aws.client("sagemaker")
        status = sagemaker.describe_training_job(TrainingJobName=NAME)["TrainingJobStatus"]
        if status != "InProgress":
            raise RuntimeError(f"the training was {status} before the calls had ended")
        sagemaker.stop_training_job(TrainingJobName=NAME)
        _wait(aws, lambda job: job["TrainingJobStatus"] == "Stopped")
        idle = _latencies(aws)
    busy_p99, idle_p99 = _p99(while_training), _p99(idle)
    return Ratio(
        ours=round(busy_p99, 1), peer=round(idle_p99, 1), ratio=round(idle_p99 / busy_p99, 3),
        unit="ms",
        peer_is=f"p99 with an idle machine; {RATE} per second, {SECONDS} s, {CLIENTS} connections, "
        f"p50 {statistics.median(while_training) * 1000:.1f} and "
        f"{statistics.median(idle) * 1000:.1f} ms",
    )  # fmt: skip


BENCHMARKS: dict[str, Callable[[Path], Ratio]] = {"describes_while_training": describes}


def _p99(latencies: list[float]) -> float:
    return statistics.quantiles(latencies, n=100)[98] * 1000


def _latencies(aws: RunningServer) -> list[float]:
    """Return the seconds from each call's scheduled time to its response, at a constant rate."""
    start = time.perf_counter() + 1
    with ThreadPoolExecutor(CLIENTS) as pool:
        clients = pool.map(partial(_send_calls, aws, start), range(CLIENTS))
        return [latency for latencies in clients for latency in latencies]


def _send_calls(aws: RunningServer, start: float, first: int) -> list[float]:
    """Send every `CLIENTS`-th call on one connection."""
    address = aws.environment["AWS_ENDPOINT_URL"].removeprefix("http://")
    connection = http.client.HTTPConnection(address, timeout=TIMEOUT_SECONDS)
    body, latencies = json.dumps({"TrainingJobName": NAME}), []
    headers = aws.signed("/", body, HEADERS)
    for number in range(first, RATE * SECONDS, CLIENTS):
        scheduled = start + number / RATE
        time.sleep(max(0.0, scheduled - time.perf_counter()))
        connection.request("POST", "/", body, headers)
        response = connection.getresponse()
        content = response.read()
        latencies.append(time.perf_counter() - scheduled)
        if response.status != 200:
            raise RuntimeError(f"a describe call returned {response.status}: {content[:200]!r}")
    connection.close()
    return latencies


def _train(aws: RunningServer, records: Path) -> None:
    """Start a training that takes longer than the calls, and wait for its first epoch's log."""
    aws.client("s3").upload_file(str(records), BUCKET, "train/set.rec")
    aws.client("s3").upload_file(str(records), BUCKET, "validation/set.rec")
    hyperparameters = {
        "num_classes": 196, "num_training_samples": PHOTOS, "num_layers": 18, "epochs": 1000,
        "image_shape": f"3,{SIDE},{SIDE}", "mini_batch_size": 32, "learning_rate": 0.01,
    }  # fmt: skip
    aws.client("sagemaker").create_training_job(
        TrainingJobName=NAME,
        RoleArn=ROLE,
        AlgorithmSpecification={
            "TrainingImage": IMAGE,
            "TrainingInputMode": "File",
        },
        HyperParameters={name: str(value) for name, value in hyperparameters.items()},
        InputDataConfig=[_channel(name) for name in ("train", "validation")],
        OutputDataConfig={"S3OutputPath": f"s3://{BUCKET}/models"},
        ResourceConfig={"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 10},
        StoppingCondition={"MaxRuntimeInSeconds": 1800},
    )
    logs, group = aws.client("logs"), "/aws/sagemaker/TrainingJobs"
    _wait(
        aws,
        lambda job: (
            job["SecondaryStatus"] == "Training"
            and bool(logs.filter_log_events(logGroupName=group, filterPattern="Epoch")["events"])
        ),
    )


def _channel(name: str) -> dict[str, object]:
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/{name}/"}
    return {
        "ChannelName": name,
        "ContentType": "application/x-recordio",
        "DataSource": {"S3DataSource": source},
    }


def _wait(aws: RunningServer, reached: Callable[[dict[str, object]], bool]) -> None:
    sagemaker, deadline = aws.client("sagemaker"), time.monotonic() + TIMEOUT_SECONDS
    while not reached(job := sagemaker.describe_training_job(TrainingJobName=NAME)):
        if time.monotonic() > deadline or job["TrainingJobStatus"] == "Failed":
            raise RuntimeError(f"{job['TrainingJobStatus']}: {job.get('FailureReason')}")
        time.sleep(0.5)


def _records(folder: Path) -> Path:
    """Write a record file of random photos, which take as long to decode as real ones."""
    rng, root, prefix = np.random.default_rng(1), folder / "photos", folder / "set"
    root.mkdir()
    for number in range(PHOTOS):
        noise = rng.integers(0, 255, (30, 40, 3), np.uint8)
        cv2.imwrite(str(root / f"{number}.jpg"), cv2.resize(noise, (400, 300)))
    photos.write_list(prefix, root)
    flags = ["--resize", "160", "--fit", "squash", "--quality", "95"]
    subprocess.run(
        [sys.executable, *PROGRAM, "im2rec", str(prefix), str(root), *flags],
        check=True, capture_output=True, env=environment(),
    )  # fmt: skip
    return prefix.with_suffix(".rec")
