"""`predict`: one photo to the live endpoint of the running stack."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
from botocore.exceptions import ClientError, EndpointConnectionError
from rich.console import Console
from rich.table import Table

from include.decisions.registry.serving_model import ServingModel, find_serving_model
from include.image_classification.images.opencv_decoder import (
    AnimatedPhotoError,
    UnsupportedPhotoError,
    decode_still,
)
from include.local_run.drive.clients import Aws, connect
from include.local_run.errors import RunError, usage
from include.local_run.project_paths import Places
from include.local_run.stack import running_stack
from include.local_run.stack.aws import BUCKET

LARGEST_BODY = 6_291_456
_KINDS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png"}
_SHOWN = 5


def predict(image: Path, pipeline: str | None, places: Places) -> int:
    """Prints what the endpoint sees in a photo: label, probability, and the next best.

    Raises:
        RunError: No such photo, nothing runs, or nothing serves; one line with the fix.
    """
    content, kind = read_photo(image)
    stack = running_stack(places)
    aws = connect(stack["environment"])
    name = pipeline or str(stack["pipeline"])
    champion = _champion(aws, name)
    probabilities = _ask(aws, champion, content, kind)
    classes = _classes(aws, name, champion)
    ranked = sorted(zip(probabilities, classes, strict=True), reverse=True)[:_SHOWN]
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"{ranked[0][1]}  {ranked[0][0]:.1%}", style="bold", markup=False)
    table = Table("class", "probability")
    for probability, label in ranked:
        table.add_row(label, f"{probability:.4f}")
    console.print(table)
    return 0


def read_photo(file: Path) -> tuple[bytes, str]:
    """A photo's bytes, at most what an endpoint takes, and its content type.

    Raises:
        RunError: It is missing, or neither JPEG nor PNG.
    """
    if not str(file) or str(file) == ".":
        raise usage("which photo? name it: make predict IMAGE=<file>")
    if not file.is_file():
        raise usage(f"IMAGE={file} does not exist: name a JPEG or PNG file")
    content = file.read_bytes()
    kind = next((kind for start, kind in _KINDS.items() if content.startswith(start)), None)
    if kind is None:
        raise usage(f"IMAGE={file} is neither JPEG nor PNG: convert it first")
    return (content, kind) if len(content) <= LARGEST_BODY else (_shrunk(file, content), _JPEG)


_JPEG = "image/jpeg"


def _shrunk(file: Path, content: bytes) -> bytes:
    try:
        image = decode_still(content, cv2.IMREAD_COLOR)
    except (AnimatedPhotoError, UnsupportedPhotoError) as error:
        raise usage(f"IMAGE={file}: {error}: name another JPEG or PNG file") from error
    except cv2.error:
        image = None
    if image is None:
        raise usage(f"IMAGE={file} cannot be decoded: it is damaged or has too many pixels")
    scale = 1600 / max(image.shape[:2])
    smaller = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return cv2.imencode(".jpg", smaller)[1].tobytes()


def _champion(aws: Aws, pipeline: str) -> ServingModel:
    endpoint = pipeline.replace("_", "-")
    try:
        champion = find_serving_model(aws.sagemaker, endpoint)
    except EndpointConnectionError:
        raise RunError("the local AWS does not answer: start it with `make run`") from None
    if champion is None:
        raise RunError(f"endpoint {endpoint} does not serve yet: wait for the DAG endpoint_update")
    return champion


def _ask(aws: Aws, champion: ServingModel, content: bytes, kind: str) -> list[float]:
    try:
        answer = aws.runtime.invoke_endpoint(
            EndpointName=champion.endpoint, ContentType=kind, Body=content
        )
    except ClientError as error:
        text: dict[str, Any] = error.response
        reason = text.get("OriginalMessage") or text["Error"]["Message"]
        raise RunError(f"endpoint {champion.endpoint} could not read the photo: {reason}") from None
    probabilities: list[float] = json.loads(answer["Body"].read())
    return probabilities


def _classes(aws: Aws, pipeline: str, champion: ServingModel) -> list[str]:
    if champion.package is None:
        raise RunError(f"endpoint {champion.endpoint} serves a model from outside the registry")
    version = champion.package.metadata["dataset_version"]
    key = f"{aws.layout(pipeline).dataset(version)}classes.json"
    body = aws.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    classes: list[str] = json.loads(body)
    return classes
