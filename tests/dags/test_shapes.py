"""A DAG is built for every deployment, and does what the running deployment configures.

Real DAGs run under overrides that add tasks which the running deployment does not need, and the
other way round.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).with_name("shaped_runs.py")
URI = "123456789012.dkr.ecr.us-east-1.amazonaws.com/image-classification:1"

SOURCE = "source: {layout: class_folders}\n"
HERE = "deployments: {here: {promotion: {approval: %s}}}\n"
ASKED_HERE = SOURCE + HERE % "ask"
ASKED_ELSEWHERE = SOURCE + "promotion: {approval: ask}\n" + HERE % "automatic"

TRAINING: dict[str, dict[str, Any]] = {
    "asked_elsewhere": {"yaml": ASKED_ELSEWHERE},
    "asked_elsewhere_but_worse": {
        "yaml": ASKED_ELSEWHERE.replace("ask}", "ask, minimum_top1: 0.5}"),
        "top1": 0.25,
    },
    "asked_in_a_third": {"yaml": SOURCE + "deployments: {prod: {promotion: {approval: ask}}}\n"},
    "manual_here": {"yaml": ASKED_ELSEWHERE.replace("automatic", "manual")},
    "asked_here_yes": {
        "yaml": ASKED_HERE.replace("ask}", "ask, approvers: [ada]}"),
        "answer": {"says": "Approve", "users": ["eve", "ada"]},
    },
    "asked_here_no": {"yaml": ASKED_HERE, "answer": {"says": "Reject", "users": ["ada"]}},
    "asked_here_silence": {
        "yaml": ASKED_HERE.replace("ask}", "ask, approval_hours: 2}"),
        "answer": {"says": "nothing"},
    },
}
SETTLED = "source: {layout: class_folders, settle_minutes: 0%s}\n"
URLS = "urls: ['https://some.host/photos.zip']"
REFRESH: dict[str, dict[str, Any]] = {
    "fetched_elsewhere": {
        "yaml": SETTLED % f", {URLS}" + "deployments: {here: {source: {urls: []}}}\n"
    },
    "fetched_here": {"yaml": SETTLED % "" + f"deployments: {{here: {{source: {{{URLS}}}}}}}\n"},
    "fetched_nowhere": {"yaml": SETTLED % ""},
}


@pytest.fixture(scope="module")
def runs(
    airflow_database: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], str]:
    """Return the result of each case's run, and the log of all."""
    home = tmp_path_factory.mktemp("shapes")
    shutil.copy(airflow_database / "airflow.db", home)
    pipelines = home / "pipelines"
    pipelines.mkdir()
    cases = []
    for family, of_family in (("nightly_training", TRAINING), ("dataset_refresh", REFRESH)):
        for name, case in of_family.items():
            (pipelines / f"{name}.yaml").write_text(case["yaml"])
            cases.append({"name": name, "family": family, **case})
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW_CONN_AWS_DEFAULT": "aws://?region_name=us-east-1",
        "AIRFLOW_VAR_DEPLOYMENT": "here",
        "AIRFLOW_VAR_ARTIFACT_BUCKET": "some-bucket",
        "AIRFLOW_VAR_SAGEMAKER_ROLE_ARN": "arn:aws:iam::123456789012:role/sagemaker",
        "AIRFLOW_VAR_IMAGE_URI": URI,
        "IMAGE_PIPELINES_PATH": str(pipelines),
        "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "plugins", ROOT / "dags"))),
    }
    done = subprocess.run(
        [sys.executable, PROGRAM], env=environment, input=json.dumps(cases),
        capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    log = done.stdout + done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    assert done.returncode == 0, log[-5000:]
    found = [json.loads(line.removeprefix("RESULT ")) for line in lines]
    return {result["name"]: result for result in found}, log


@pytest.mark.parametrize(
    ("name", "asked", "announces", "package"),
    [
        ("asked_elsewhere", False, True, "Approved"),
        ("asked_elsewhere_but_worse", False, False, "Rejected"),
        ("asked_in_a_third", False, True, "Approved"),
        ("manual_here", False, False, "PendingManualApproval"),
        ("asked_here_yes", True, True, "Approved"),
        ("asked_here_no", True, False, "Rejected"),
        ("asked_here_silence", True, False, "PendingManualApproval"),
    ],
)
def test_the_running_deployment_decides_whether_a_user_is_asked(
    runs: tuple[dict[str, Any], str], name: str, asked: bool, announces: bool, package: str
) -> None:
    run = runs[0][name]
    assert run["state"] == "success", runs[1][-5000:]
    assert (run["states"]["ask_person"] == "success") is asked
    assert run["states"]["announce"] == ("success" if announces else "skipped")
    assert (f"{name}/model" in run["events"]) is announces
    assert (run["facts"].get("verdict") == "promote") is announces
    assert run["packages"] == [package]


def test_the_running_deployment_sets_the_timeout_of_an_answer(
    runs: tuple[dict[str, Any], str],
) -> None:
    """Two hours; other deployments have the default of 12."""
    (waited,) = [line for line in runs[1].splitlines() if line.startswith("TIMEOUT ")]
    assert waited.startswith("TIMEOUT 2:00:0")


def test_only_the_approvers_of_the_running_deployment_may_answer(
    runs: tuple[dict[str, Any], str],
) -> None:
    """Airflow refuses other users. Without `approvers` it refuses no user."""
    refused = [line for line in runs[1].splitlines() if line.startswith("REFUSED ")]
    assert refused == ["REFUSED eve 403"]


@pytest.mark.parametrize(
    ("name", "fetched"),
    [("fetched_elsewhere", [[]]), ("fetched_here", [["photos.zip"]]), ("fetched_nowhere", [])],
)
def test_the_running_deployment_decides_what_is_fetched(
    runs: tuple[dict[str, Any], str], name: str, fetched: list[list[str]]
) -> None:
    run = runs[0][name]
    assert run["state"] == "success", runs[1][-5000:]
    assert run["fetched"] == fetched
    assert f"{name}/dataset" in run["events"]
