"""What the local AWS adds to a request: the endpoint against the model process behind it."""

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
from benchmarks.local_aws import BUCKET, IMAGE, ROLE, Started, local_aws
from benchmarks.pairs import Ratio

PROJECT = Path(__file__).parents[1]
PROGRAM = ("-m", "include.image_classification")
PHOTO_BYTES = 40_000
REQUESTS = 300
WARM_UP = 30
NAME = "invoke"
JPEG = {"Content-Type": "image/jpeg"}
PATIENCE = 120.0  # seconds


def invoke(folder: Path) -> Ratio:
    """Milliseconds at p50, one keep-alive client on each way, a request on each in turn."""
    program = ["/usr/bin/env", f"PYTHONPATH={PROJECT}", sys.executable, *PROGRAM]
    with local_aws(folder, program) as aws:
        _serve(aws, folder)
        port = int(aws.environment["AWS_ENDPOINT_URL"].rpartition(":")[2])
        path = f"/endpoints/{NAME}/invocations"
        ours = _asking(port, path, aws.signed(path, _photo(), JPEG))
        peer = _asking(_model_port(folder), "/invocations", JPEG)
        pairs = [(ours(), peer()) for _ in range(WARM_UP + REQUESTS)][WARM_UP:]
    through, direct = (statistics.median(side) * 1000 for side in zip(*pairs, strict=True))
    return Ratio(
        ours=round(through, 2), peer=round(direct, 2), ratio=round(direct / through, 3), unit="ms",
        peer_is=f"p50 of the model process itself, {through - direct:.2f} ms less; one client, "
        f"{REQUESTS} photos of {PHOTO_BYTES // 1000} kB each way, in turn",
    )  # fmt: skip


ALWAYS: dict[str, Callable[[Path], Ratio]] = {"invoke": invoke}


def _serve(aws: Started, folder: Path) -> None:
    """An endpoint of one process that serves a ResNet-18."""
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
    waiting = {"Delay": 1, "MaxAttempts": int(PATIENCE)}
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=NAME, WaiterConfig=waiting)


def _model_port(folder: Path) -> int:
    """Where the model process of this folder's server listens, as its environment says."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            variables = (entry / "environ").read_text().split("\0")
        except OSError:
            continue  # it has ended, or is somebody else's
        said = dict(variable.partition("=")[::2] for variable in variables)
        if said.get("SAGEMAKER_BASE_DIR", "").startswith(str(folder / "aws")):
            return int(said["SAGEMAKER_BIND_TO_PORT"])
    raise LookupError(f"no model process below {folder}")


def _asking(port: int, path: str, headers: dict[str, str]) -> Callable[[], float]:
    """A client with a connection of its own: each call is a request, and its seconds."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    photo = _photo()

    def ask() -> float:
        started = time.perf_counter()
        connection.request("POST", path, photo, headers)
        answer = connection.getresponse()
        content = answer.read()
        taken = time.perf_counter() - started
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}: {content[:200]!r}")
        return taken

    return ask


def _photo() -> bytes:
    """A JPEG of nearly so many bytes."""
    noise = np.random.default_rng(1).integers(0, 255, (60, 80, 3), np.uint8)
    image = cv2.resize(noise, (480, 360), interpolation=cv2.INTER_CUBIC)
    qualities = range(100, 0, -1)
    photos = (
        cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, each])[1].tobytes()
        for each in qualities
    )
    return next(photo for photo in photos if len(photo) <= PHOTO_BYTES)
