"""Run a processing job's request in this process, with its inputs and outputs in S3 in memory."""

from __future__ import annotations

import importlib
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from include.contracts.commands import PROCESSING_FOLDER
from include.image_classification.__main__ import COMMANDS

JOB_NAME = "{job_name}"


def run_processing(
    s3: Any, request: Mapping[str, Any], name: str, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run the command of a request, and write its outputs to S3 as a job of this name.

    Args:
        s3: A boto3 S3 client.
        request: The job's request.
        name: The job's name.
        base: The folder in which the job runs; what an earlier job left there is removed.
        monkeypatch: The test's.
    """
    shutil.rmtree(base, ignore_errors=True)
    config = json.loads(json.dumps(request["config"]).replace(JOB_NAME, name))
    for entry in config["ProcessingInputs"]:
        given = entry["S3Input"]
        _download(s3, given, base / "processing" / _below(given["LocalPath"]))
    command, *flags = config["AppSpecification"]["ContainerArguments"]
    with monkeypatch.context() as patch:
        patch.setenv("SAGEMAKER_BASE_DIR", str(base))
        importlib.import_module(f"include.image_classification.{COMMANDS[command]}").main(flags)
    for entry in config["ProcessingOutputConfig"]["Outputs"]:
        given = entry["S3Output"]
        _upload(s3, base / "processing" / _below(given["LocalPath"]), given["S3Uri"])


def inputs(request: Mapping[str, Any]) -> dict[str, str]:
    """Return the S3 addresses of a request's inputs by name."""
    given = request["config"]["ProcessingInputs"]
    return {entry["InputName"]: entry["S3Input"]["S3Uri"] for entry in given}


def _below(path: str) -> str:
    return path.removeprefix(f"{PROCESSING_FOLDER}/")


def _download(s3: Any, given: Mapping[str, Any], folder: Path) -> None:
    for bucket, key, name in _objects(s3, given):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(s3.get_object(Bucket=bucket, Key=key)["Body"].read())


def _objects(s3: Any, given: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    bucket, prefix = _split(given["S3Uri"])
    if given["S3DataType"] == "ManifestFile":
        head, *names = json.loads(s3.get_object(Bucket=bucket, Key=prefix)["Body"].read())
        bucket, prefix = _split(head["prefix"])
        yield from ((bucket, f"{prefix}{name}", name) for name in names)
        return
    found = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    assert found, f"a job fails whose input {given['S3Uri']} is empty"
    folder = prefix[: prefix.rfind("/") + 1]
    yield from ((bucket, entry["Key"], entry["Key"].removeprefix(folder)) for entry in found)


def _upload(s3: Any, folder: Path, uri: str) -> None:
    bucket, prefix = _split(uri)
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            key = f"{prefix}/{path.relative_to(folder).as_posix()}"
            s3.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())


def _split(uri: str) -> tuple[str, str]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key
