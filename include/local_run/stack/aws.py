"""The local AWS as a component, and what it says when it is ready."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from include.local_run.project_paths import Places
from include.local_run.stack.component import Component

REPOSITORY = "123456789012.dkr.ecr.us-east-1.amazonaws.com/image-classification"
BUCKET = "image-classifier-local"
IMAGE_FOLDERS = ("common", "contracts", "image_classification")
"""What of `include` the image holds; its Dockerfile copies the same."""


@cache
def image_uri(root: Path) -> str:
    """The address of the image that this checkout's programs stand for, by their digest.

    So other code is another image, as it is with containers, and is trained anew. Taken once, so
    that all jobs of a run are the same image's.
    """
    include, digest = root / "include", hashlib.sha256()
    files = [file for name in IMAGE_FOLDERS for file in (include / name).rglob("*")]
    for file in sorted(file for file in files if file.is_file()):
        if "__pycache__" not in file.parts:
            content = hashlib.sha256(file.read_bytes()).hexdigest()
            digest.update(f"{file.relative_to(include).as_posix()} {content}\n".encode())
    return f"{REPOSITORY}@sha256:{digest.hexdigest()}"


def variables(root: Path) -> dict[str, str]:
    """Airflow Variables of the deployment that one machine is."""
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


def local_aws(places: Places, port: int, environment: Mapping[str, str]) -> Component:
    """The component; its image registry is written here."""
    places.local.mkdir(parents=True, exist_ok=True)
    images = places.local / "images.json"
    _register(images, places.root)
    options = ("--root", str(places.aws), "--port", str(port), "--images", str(images), "--json")
    return Component(
        name="local-aws",
        command=(sys.executable, "-m", "include.local_aws", *options),
        environment=environment,
        folder=places.root,
        log=places.logs / "local-aws.log",
        grace=20.0,
    )


def _register(images: Path, root: Path) -> None:
    """Adds the image to the registry; models of earlier ones still serve, by the present code."""
    known = json.loads(images.read_text()) if images.exists() else {}
    program = {
        "entrypoint": [sys.executable, "-m", "include.image_classification"],
        "environment": {"PYTHONPATH": str(root)},
    }
    unfinished = images.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(dict.fromkeys([*known, image_uri(root)], program), indent=1))
    unfinished.rename(images)


class ReadyLine:
    """Watches a component's log, from its present end, for the line that says it is ready."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._offset = log.stat().st_size if log.exists() else 0

    def environment(self) -> dict[str, str] | None:
        """The variables that lead AWS clients to the server, or None while it is not ready."""
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
        said = json.loads(line)
    except ValueError:
        return None
    found: dict[str, str] | None = said["environment"] if said.get("event") == "ready" else None
    return found


def wait_for_ready_line(
    line: ReadyLine, check: Callable[[], None], pause: Callable[[float], None]
) -> dict[str, str]:
    """Returns the AWS variables once the server is ready; `check` raises when it cannot be."""
    while True:
        found = line.environment()
        if found:
            return found
        check()
        pause(0.1)
