"""How soon the local AWS answers 100 describe calls a second while a training has both cores."""

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
from benchmarks.local_aws import BUCKET, IMAGE, ROLE, Started, local_aws
from benchmarks.pairs import Ratio

RATE = 100  # calls a second
SECONDS = 60
CLIENTS = 8
PHOTOS, SIDE = 640, 128
NAME = "describes"
PATIENCE = 120.0  # seconds
HEADERS = {
    "Content-Type": "application/x-amz-json-1.1",
    "X-Amz-Target": "SageMaker.DescribeTrainingJob",
}


def describes(folder: Path) -> Ratio:
    """Milliseconds at p99, each from when the call was due: while it trains, and after its stop."""
    program = ["/usr/bin/env", f"PYTHONPATH={PROJECT}", sys.executable, *PROGRAM]
    with local_aws(folder, program) as aws:
        _train(aws, _records(folder))
        while_training = _latencies(aws)
        sagemaker = aws.client("sagemaker")
        status = sagemaker.describe_training_job(TrainingJobName=NAME)["TrainingJobStatus"]
        if status != "InProgress":
            raise RuntimeError(f"the training was {status} before the calls had ended")
        sagemaker.stop_training_job(TrainingJobName=NAME)
        _await(aws, lambda job: job["TrainingJobStatus"] == "Stopped")
        after = _latencies(aws)
    ours, peer = _p99(while_training), _p99(after)
    return Ratio(
        ours=round(ours, 1), peer=round(peer, 1), ratio=round(peer / ours, 3), unit="ms",
        peer_is=f"p99 with the machine idle; {RATE} a second, {SECONDS} s, {CLIENTS} connections, "
        f"p50 {statistics.median(while_training) * 1000:.1f} and "
        f"{statistics.median(after) * 1000:.1f} ms",
    )  # fmt: skip


ALWAYS: dict[str, Callable[[Path], Ratio]] = {"describes_while_training": describes}


def _p99(latencies: list[float]) -> float:
    return statistics.quantiles(latencies, n=100)[98] * 1000


def _latencies(aws: Started) -> list[float]:
    """Seconds from when each call was due to its answer, at a steady rate for a while."""
    start = time.perf_counter() + 1
    with ThreadPoolExecutor(CLIENTS) as pool:
        clients = pool.map(partial(_calls, aws, start), range(CLIENTS))
        return [latency for client in clients for latency in client]


def _calls(aws: Started, start: float, first: int) -> list[float]:
    """What one client does: every so-manieth call, on a connection of its own."""
    address = aws.environment["AWS_ENDPOINT_URL"].removeprefix("http://")
    connection = http.client.HTTPConnection(address, timeout=PATIENCE)
    body, latencies = json.dumps({"TrainingJobName": NAME}), []
    headers = aws.signed("/", body, HEADERS)
    for number in range(first, RATE * SECONDS, CLIENTS):
        due = start + number / RATE
        time.sleep(max(0.0, due - time.perf_counter()))
        connection.request("POST", "/", body, headers)
        answer = connection.getresponse()
        content = answer.read()
        latencies.append(time.perf_counter() - due)
        if answer.status != 200:
            raise RuntimeError(f"a describe answered {answer.status}: {content[:200]!r}")
    connection.close()
    return latencies


def _train(aws: Started, records: Path) -> None:
    """Start a training that lasts longer than the calls, and return when it has begun to learn."""
    aws.client("s3").upload_file(str(records), BUCKET, "train/set.rec")
    aws.client("s3").upload_file(str(records), BUCKET, "validation/set.rec")
    told = {
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
        HyperParameters={name: str(value) for name, value in told.items()},
        InputDataConfig=[_channel(name) for name in ("train", "validation")],
        OutputDataConfig={"S3OutputPath": f"s3://{BUCKET}/models"},
        ResourceConfig={"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 10},
        StoppingCondition={"MaxRuntimeInSeconds": 1800},
    )
    logs, group = aws.client("logs"), "/aws/sagemaker/TrainingJobs"
    _await(
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


def _await(aws: Started, reached: Callable[[dict[str, object]], bool]) -> None:
    sagemaker, deadline = aws.client("sagemaker"), time.monotonic() + PATIENCE
    while not reached(job := sagemaker.describe_training_job(TrainingJobName=NAME)):
        if time.monotonic() > deadline or job["TrainingJobStatus"] == "Failed":
            raise RuntimeError(f"{job['TrainingJobStatus']}: {job.get('FailureReason')}")
        time.sleep(0.5)


def _records(folder: Path) -> Path:
    """Photos of noise as records, which cost what others cost."""
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
