"""Latency of an endpoint of the local AWS, compared with its model process."""

from __future__ import annotations

import http.client
import statistics
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks import inference
from benchmarks.local_aws import BUCKET, IMAGE, ROLE, RunningServer, local_aws
from benchmarks.pairs import Ratio

PROJECT = Path(__file__).parents[1]
PROGRAM = ("-m", "include.image_classification")
PHOTO_BYTES = 40_000
REQUESTS = 300
WARM_UP = 30
NAME = "invoke"
JPEG = {"Content-Type": "image/jpeg"}
TIMEOUT_SECONDS = 120.0  # seconds


def invoke(folder: Path) -> Ratio:
    """Return the median latencies in milliseconds of alternating requests by one client each."""
    program = ["/usr/bin/env", f"PYTHONPATH={PROJECT}", sys.executable, *PROGRAM]
    with local_aws(folder, program) as aws:
        _serve(aws, folder)
        port = int(aws.environment["AWS_ENDPOINT_URL"].rpartition(":")[2])
        path = f"/endpoints/{NAME}/invocations"
        endpoint = _client(port, path, aws.signed(path, _photo(), JPEG))
        model = _client(_model_port(folder), "/invocations", JPEG)
        pairs = [(endpoint(), model()) for _ in range(WARM_UP + REQUESTS)][WARM_UP:]
    via_aws, direct = (statistics.median(times) * 1000 for times in zip(*pairs, strict=True))
    return Ratio(
        ours=round(via_aws, 2), peer=round(direct, 2), ratio=round(direct / via_aws, 3), unit="ms",
        peer_is=f"p50 of the model process, {via_aws - direct:.2f} ms less; one client each, "
        f"{REQUESTS} photos of {PHOTO_BYTES // 1000} kB in turns",
    )  # fmt: skip


BENCHMARKS: dict[str, Callable[[Path], Ratio]] = {"invoke": invoke}


def _serve(aws: RunningServer, folder: Path) -> None:
    """Create an endpoint with one process that serves a ResNet-18."""
    inference.model(folder)
    with tarfile.open(folder / "model.tar.gz", "w:gz") as tar:
        for file in sorted((folder / "model").iterdir()):
            tar.add(file, file.name)
    aws.client("s3").upload_file(str(folder / "model.tar.gz"), BUCKET, "model.tar.gz")
    container = {"Image": IMAGE, "ModelDataUrl": f"s3://{BUCKET}/model.tar.gz"}
    variant = {"VariantName": "all", "ModelName": NAME, "InitialInstanceCount": 1}
    sagemaker: Any = aws.client("sagemaker")
    sagemaker.create_model(ModelName=NAME, PrimaryContainer=container, ExecutionRoleArn=ROLE)
    sagemaker.create_endpoint_config(
        EndpointConfigName=NAME, ProductionVariants=[{**variant, "InstanceType": "ml.m5.large"}]
    )
    sagemaker.create_endpoint(EndpointName=NAME, EndpointConfigName=NAME)
    waiter_config = {"Delay": 1, "MaxAttempts": int(TIMEOUT_SECONDS)}
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=NAME, WaiterConfig=waiter_config)


def _model_port(folder: Path) -> int:
    """Return the port of the model process below a folder, from its environment variables."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            variables = (entry / "environ").read_text().split("\0")
        except OSError:
            continue  # the process has ended, or belongs to another user
        values = dict(variable.partition("=")[::2] for variable in variables)
        if values.get("SAGEMAKER_BASE_DIR", "").startswith(str(folder / "aws")):
            return int(values["SAGEMAKER_BIND_TO_PORT"])
    raise LookupError(f"no model process below {folder}")


def _client(port: int, path: str, headers: dict[str, str]) -> Callable[[], float]:
    """Return a function that sends a request on its own connection and returns the seconds."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    photo = _photo()

    def send() -> float:
        started = time.perf_counter()
        connection.request("POST", path, photo, headers)
        response = connection.getresponse()
        content = response.read()
        seconds = time.perf_counter() - started
        if response.status != 200:
            raise RuntimeError(f"{path} returned {response.status}: {content[:200]!r}")
        return seconds

    return send


def _photo() -> bytes:
    """Return a JPEG of at most `PHOTO_BYTES` bytes."""
    noise = np.random.default_rng(1).integers(0, 255, (60, 80, 3), np.uint8)
    image = cv2.resize(noise, (480, 360), interpolation=cv2.INTER_CUBIC)
    qualities = range(100, 0, -1)
    photos = (
        cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
        for quality in qualities
    )
    return next(photo for photo in photos if len(photo) <= PHOTO_BYTES)
