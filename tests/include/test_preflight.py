"""The preflight command with a local AWS: services that it does not have are unknown."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.include.local_aws.local_server import BUCKET, IMAGE, ROLE, LocalServer, running

ROOT = Path(__file__).parents[2]
OPTIONS = {
    "--deployment": "local",
    "--artifact-bucket": BUCKET,
    "--sagemaker-role-arn": ROLE,
    "--image-uri": IMAGE,
}

WIDTH = len("Variable sagemaker_endpoint_role_arn")
"""The width of the column with the names of the checks."""

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    with running(tmp_path_factory.mktemp("local_aws")) as server:
        yield server


@pytest.fixture
def run(aws: LocalServer) -> Run:
    """Return a function that runs the command with the local AWS and some invalid options."""

    def run(*flags: str, **other: str) -> Any:
        named = {f"--{name.replace('_', '-')}": value for name, value in other.items()}
        options = [part for pair in {**OPTIONS, **named}.items() for part in pair]
        return subprocess.run(
            [sys.executable, "-m", "include.preflight", *options, *flags],
            cwd=ROOT,
            env={**os.environ, **aws.environment},
            capture_output=True,
            text=True,
            timeout=100,
        )

    return run


def test_no_check_fails_with_a_correct_local_aws(aws: LocalServer, run: Run) -> None:
    done = run("--json")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    statuses = {
        name: {finding["check"]: finding["status"] for finding in part}
        for name, part in found.items()
    }
    assert list(found) == ["installation", "merch", "stanford_cars"]
    assert statuses["installation"] == {
        "Variable deployment": "ok",
        "Variable artifact_bucket": "ok",
        "Variable sagemaker_role_arn": "ok",
        "Variable sagemaker_endpoint_role_arn": "ok",
        "Variable image_uri": "ok",
        "Variable fetch_allowed_hosts": "ok",
        "login": "ok",
        "region": "ok",
        "bucket": "ok",
        "bucket owner": "unknown",
        "encryption": "unknown",
        "role": "ok",
        "image": "unknown",
    }
    for pipeline in ("merch", "stanford_cars"):
        assert statuses[pipeline] == {
            "YAML": "ok",
            "writing": "ok",
            "endpoint name": "ok",
            "job names": "ok",
            "requests": "ok",
            "quotas": "unknown",
        }
    [image] = [part for part in found["installation"] if part["check"] == "image"]
    assert "127.0.0.1 is not AWS" in image["found"]
    assert aws.keys(f"s3://{BUCKET}/merch/") == []


def test_a_failed_check_is_printed_with_its_fix_and_sets_the_exit_status(run: Run) -> None:
    done = run("--pipeline", "merch", artifact_bucket="not-there")
    assert (done.returncode, done.stderr) == (1, "")
    assert f"failed   {'bucket':<{WIDTH}}  there is no bucket not-there" in done.stdout
    assert "fix: create it (aws s3 mb s3://not-there)" in done.stdout
    assert "stanford_cars" not in done.stdout
    assert done.stdout.splitlines()[-1].split(", ")[1] == "2 failed"


def test_variables_are_read_from_the_environment_as_airflow_reads_them(
    aws: LocalServer, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for option, value in OPTIONS.items():
        variable = option.removeprefix("--").replace("-", "_").upper()
        monkeypatch.setenv(f"AIRFLOW_VAR_{variable}", value)
    monkeypatch.setattr(f"{__name__}.OPTIONS", {})
    done = run("--pipeline", "merch")
    assert done.returncode == 0, done.stdout
    assert f"ok       {'Variable artifact_bucket':<{WIDTH}}  {BUCKET}" in done.stdout
