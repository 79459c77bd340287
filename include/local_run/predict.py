"""The command `predict`: classify one photo with the endpoint of the running stack."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
from botocore.exceptions import ClientError, EndpointConnectionError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from include.contracts.limits import MAX_REAL_TIME_BYTES, size_problem
from include.decisions.registry.serving_model import ServingModel, find_serving_model
from include.image_classification.images.header import read_photo_header
from include.image_classification.images.opencv_decoder import (
    AnimatedPhotoError,
    UnsupportedPhotoError,
    decode_still,
)
from include.local_run.drive.clients import AwsClients, create_clients
from include.local_run.errors import RunError, usage_error
from include.local_run.project_paths import ProjectPaths
from include.local_run.stack import running_stack
from include.local_run.stack.aws import BUCKET

_CONTENT_TYPES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png"}
_TOP = 5


def predict(image: Path, pipeline: str | None, paths: ProjectPaths) -> int:
    """Print the most probable class of a photo, and the five most probable with probabilities.

    Raises:
        RunError: The photo cannot be read, no stack is running, or the endpoint does not serve.
    """
    content, content_type = read_photo(image)
    stack = running_stack(paths)
    aws = create_clients(stack["environment"])
    name = pipeline or str(stack["pipeline"])
    champion = _champion(aws, name)
    probabilities = _invoke(aws, champion, content, content_type)
    classes = _classes(aws, name, champion)
    ranked = sorted(zip(probabilities, classes, strict=True), reverse=True)[:_TOP]
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"{ranked[0][1]}  {ranked[0][0]:.1%}", style="bold", markup=False)
    table = Table("class", "probability")
    for probability, label in ranked:
        table.add_row(Text(label), f"{probability:.4f}")
    console.print(table)
    return 0


def read_photo(file: Path) -> tuple[bytes, str]:
    """Return a photo's bytes and content type; photos above the endpoint's limit are shrunk.

    Raises:
        RunError: The file does not exist, or is neither JPEG nor PNG.
    """
    if not str(file) or str(file) == ".":
        raise usage_error("no photo given: run `make predict IMAGE=<file>`")
    if not file.is_file():
        raise usage_error(f"IMAGE={file} does not exist: give a JPEG or PNG file")
    content = file.read_bytes()
    types = (kind for start, kind in _CONTENT_TYPES.items() if content.startswith(start))
    content_type = next(types, None)
    if content_type is None:
        raise usage_error(f"IMAGE={file} is neither JPEG nor PNG: convert it first")
    if len(content) > MAX_REAL_TIME_BYTES:
        return _shrink(file, content), _JPEG
    return content, content_type


_JPEG = "image/jpeg"


def _shrink(file: Path, content: bytes) -> bytes:
    header = read_photo_header(content)
    if header and (problem := size_problem(header.suffix, header.width, header.height)):
        raise usage_error(f"IMAGE={file}: {problem}: give a smaller one")
    try:
        image = decode_still(content, cv2.IMREAD_COLOR)
    except (AnimatedPhotoError, UnsupportedPhotoError) as error:
        raise usage_error(f"IMAGE={file}: {error}: give another JPEG or PNG file") from error
    except cv2.error:
        image = None
    if image is None:
        raise usage_error(f"IMAGE={file} cannot be decoded: it is damaged")
    scale = 1600 / max(image.shape[:2])
    smaller = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return cv2.imencode(".jpg", smaller)[1].tobytes()


def _champion(aws: AwsClients, pipeline: str) -> ServingModel:
    endpoint = pipeline.replace("_", "-")
    try:
        champion = find_serving_model(aws.sagemaker, endpoint)
    except EndpointConnectionError:
        raise RunError("the local AWS does not answer: start it with `make run`") from None
    if champion is None:
        raise RunError(f"endpoint {endpoint} does not serve yet: wait for the DAG endpoint_update")
    return champion


def _invoke(
    aws: AwsClients, champion: ServingModel, content: bytes, content_type: str
) -> list[float]:
    try:
        answer = aws.runtime.invoke_endpoint(
            EndpointName=champion.endpoint, ContentType=content_type, Body=content
        )
    except ClientError as error:
        details: dict[str, Any] = error.response
        reason = details.get("OriginalMessage") or details["Error"]["Message"]
        raise RunError(f"endpoint {champion.endpoint} rejected the photo: {reason}") from None
    probabilities: list[float] = json.loads(answer["Body"].read())
    return probabilities


def _classes(aws: AwsClients, pipeline: str, champion: ServingModel) -> list[str]:
    if champion.package is None:
        raise RunError(f"endpoint {champion.endpoint} serves a model that is not registered")
    version = champion.package.metadata["dataset_version"]
    key = f"{aws.layout(pipeline).dataset(version)}classes.json"
    body = aws.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    classes: list[str] = json.loads(body)
    return classes
