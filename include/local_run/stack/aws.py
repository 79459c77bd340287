"""The local AWS as a component of the stack."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from include.contracts.environment import PRETRAINED_WEIGHTS_FOLDER
from include.contracts.pretrained_weights import weights_folder
from include.local_run.project_paths import ProjectPaths
from include.local_run.stack.component import Component

REPOSITORY = "123456789012.dkr.ecr.us-east-1.amazonaws.com/image-classification"
BUCKET = "image-classifier-local"
IMAGE_FOLDERS = ("common", "contracts", "image_classification")
"""Folders of `include` in the container image; the Dockerfile copies the same."""


@cache
def image_uri(root: Path) -> str:
    """Return the image URI of this checkout; its digest is computed from the container's code.

    Changed code is another image, as with real containers, so that the model is trained again.
    The result is cached, so that all jobs of a run have the same image.
    """
    include, digest = root / "include", hashlib.sha256()
    files = [file for name in IMAGE_FOLDERS for file in (include / name).rglob("*")]
    for file in sorted(file for file in files if file.is_file()):
        if "__pycache__" not in file.parts:
            content = hashlib.sha256(file.read_bytes()).hexdigest()
            digest.update(f"{file.relative_to(include).as_posix()} {content}\n".encode())
    return f"{REPOSITORY}@sha256:{digest.hexdigest()}"


def variables(root: Path) -> dict[str, str]:
    """Return the Airflow Variables of the local deployment."""
    return {
        "artifact_bucket": BUCKET,
        "sagemaker_role_arn": "arn:aws:iam::123456789012:role/image-classifier-local",
        "sagemaker_endpoint_role_arn": (
            "arn:aws:iam::123456789012:role/image-classifier-local-endpoint"
        ),
        "image_uri": image_uri(root),
        "deployment": "local",
        "fetch_allowed_hosts": os.environ.get("FETCH_ALLOWED_HOSTS", ""),
    }


def local_aws(
    paths: ProjectPaths, port: int, environment: Mapping[str, str], airflow_url: str
) -> Component:
    """Return the component. Its image registry (`images.json`) is written first.

    Args:
        paths: The folders of the run.
        port: The port of all services but S3.
        environment: The environment of the process.
        airflow_url: The URL of Airflow's UI, to which the status page links.
    """
    paths.local.mkdir(parents=True, exist_ok=True)
    images = paths.local / "images.json"
    _register(images, paths.root)
    folders = ("--root", str(paths.aws), "--images", str(images))
    options = (*folders, "--port", str(port), "--airflow-url", airflow_url, "--json")
    return Component(
        name="local-aws",
        command=(sys.executable, "-m", "include.local_aws", *options),
        environment=environment,
        folder=paths.root,
        log=paths.logs / "local-aws.log",
        grace=20.0,
    )


def _register(images: Path, root: Path) -> None:
    """Add the image to the registry. Models of earlier images are served by the present code."""
    known = json.loads(images.read_text()) if images.exists() else {}
    program = {
        "entrypoint": [sys.executable, "-m", "include.image_classification"],
        "environment": {
            "PYTHONPATH": str(root),
            PRETRAINED_WEIGHTS_FOLDER: str(weights_folder(os.environ)),
        },
    }
    unfinished = images.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(dict.fromkeys([*known, image_uri(root)], program), indent=1))
    unfinished.rename(images)


class ReadyLine:
    """Reads the AWS environment variables from the line that the local AWS logs when it is ready.

    Args:
        log: The log. Its present content is skipped.
    """

    def __init__(self, log: Path) -> None:
        self._log = log
        self._offset = log.stat().st_size if log.exists() else 0

    def environment(self) -> dict[str, str] | None:
        """Return the environment variables for AWS clients, or None until the server is ready."""
        if not self._log.exists():
            return None
        with self._log.open("rb") as file:
            file.seek(self._offset)
            for line in file.read().splitlines():
                found = _ready_environment(line)
                if found:
                    return found
        return None


def _ready_environment(line: bytes) -> dict[str, str] | None:
    if not line.startswith(b"{"):
        return None
    try:
        event = json.loads(line)
    except ValueError:
        return None
    found: dict[str, str] | None = event["environment"] if event.get("event") == "ready" else None
    return found


def wait_for_ready_line(
    line: ReadyLine, check: Callable[[], None], pause: Callable[[float], None]
) -> dict[str, str]:
    """Wait until the server is ready; return the environment variables for AWS clients.

    Args:
        line: The log of the server.
        check: Called while waiting; raises if the server has failed.
        pause: Sleeps for a number of seconds.
    """
    while True:
        found = line.environment()
        if found:
            return found
        check()
        pause(0.1)
