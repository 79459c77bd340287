"""A night: the tasks of the five DAGs in their order, with a simulated AWS."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.airflow_tasks.bucket import BUCKET, LAYOUT, PIPELINE, Bucket
from benchmarks.airflow_tasks.job_outputs import JobOutputs
from benchmarks.airflow_tasks.server import served
from benchmarks.airflow_tasks.simulated_sagemaker import SimulatedSageMaker
from benchmarks.airflow_tasks.version_files import write_version
from benchmarks.conversion import environment

Figures = dict[str, Any]

NIGHT: dict[str, tuple[str, ...]] = {
    "dataset_refresh": (
        "plan_fetch", "submit_fetch", "track_fetch",
        "plan", "submit_refresh", "track_refresh", "publish",
    ),
    "im2rec_conversion": ("plan", "submit_im2rec", "track_im2rec", "publish"),
    "nightly_training": (
        "plan", "submit_train", "track_train", "prepare", "ensure_model", "submit_transform",
        "track_transform", "submit_evaluate", "track_evaluate", "judge", "register", "announce",
    ),
    "endpoint_update": (
        "plan", "ensure_model", "ensure_endpoint_config", "ask_before", "deploy",
        "track_endpoint", "smoke_test", "publish", "prune",
    ),
    "batch_inference": (
        "plan", "submit_select", "track_select", "plan_transform", "ensure_model",
        "submit_transform", "track_transform", "submit_report", "track_report", "publish",
    ),
}  # fmt: skip
"""The tasks that run in a night in which everything goes well, by DAG."""

AFTER_FAILURE = ("withdraw", "reject_package", "plan_restore", "restore", "track_restore")
"""The tasks of endpoint_update that run after a failed deployment. They read no images."""

YAML = f"""
description: Any number of known images
source:
  layout: class_folders
  settle_minutes: 0
  urls:
    - {{name: labels.csv, mirrors: ["https://host.example/labels.csv"], sha256: "{"0" * 64}"}}
batch: {{max_images: 10000}}
"""


class Night:
    """Runs the tasks of DAGs.

    Args:
        address: The address of S3 and SageMaker.
        folder: A folder for the pipeline's YAML file and Airflow's.
    """

    def __init__(self, address: str, folder: Path) -> None:
        self._address, self._folder = address, folder
        (folder / f"{PIPELINE}.yaml").write_text(YAML)

    def run(self, dag: str, tasks: Sequence[tuple[str, bool]], run_id: str) -> list[Figures]:
        """Run tasks of a DAG in their order, each with whether to force; return their figures.

        Raises:
            RuntimeError: A task failed; the message is the end of its log.
        """
        request = {
            "dag": f"{PIPELINE}__{dag}", "tasks": tasks, "run_id": run_id, "address": self._address,
        }  # fmt: skip
        ran = subprocess.run(
            [sys.executable, "-m", "benchmarks.airflow_tasks.task"],
            input=json.dumps(request), env=environment() | self._variables(),
            capture_output=True, text=True,
        )  # fmt: skip
        if ran.returncode:
            raise RuntimeError(f"{dag}: {ran.stdout}\n{ran.stderr[-3000:]}")
        return list(map(json.loads, ran.stdout.splitlines()))

    def _variables(self) -> dict[str, str]:
        return {
            "AIRFLOW_HOME": str(self._folder / "airflow"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(Path.cwd() / "plugins"),
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
            "PYTHONPATH": os.pathsep.join((str(Path.cwd()), "dags", "plugins")),
            "IMAGE_PIPELINES_PATH": str(self._folder),
            "AIRFLOW_CONN_AWS_DEFAULT": json.dumps(
                {
                    "conn_type": "aws", "login": "x", "password": "x",
                    "extra": {"region_name": "us-east-1", "endpoint_url": self._address},
                }
            ),
            "AIRFLOW_VAR_DEPLOYMENT": "local",
            "AIRFLOW_VAR_ARTIFACT_BUCKET": BUCKET,
            "AIRFLOW_VAR_IMAGE_URI": f"host/image@sha256:{'0' * 64}",
            "AIRFLOW_VAR_SAGEMAKER_ROLE_ARN": "arn:aws:iam::123456789012:role/jobs",
            "AIRFLOW_VAR_SAGEMAKER_ENDPOINT_ROLE_ARN": "arn:aws:iam::123456789012:role/endpoints",
            "AIRFLOW_VAR_FETCH_ALLOWED_HOSTS": "",
        }  # fmt: skip


def measure_night(images: int) -> Iterator[tuple[str, Figures]]:
    """Yield each task of a night and its figures, for a number of known images.

    A first night, which is not measured, makes the champion and the endpoint. The second one is
    forced, so that each task has its full work; then the tasks that recognize a night without news
    are measured. The source is an archive; at last it has an object for each photo.
    """
    with tempfile.TemporaryDirectory(prefix="airflow-tasks-") as name:
        folder = Path(name)
        (folder / "version").mkdir()
        write_version(folder / "version", images, LAYOUT.uri(LAYOUT.images))
        bucket = Bucket(images, folder / "version")
        sagemaker = SimulatedSageMaker(JobOutputs(bucket).write)
        with served(bucket, sagemaker) as address:
            night = Night(address, folder)
            for dag, tasks in islice(NIGHT.items(), 4):  # before batch inference
                night.run(dag, [(task, True) for task in tasks], "scheduled__1")
                sagemaker.approve_all()
            for dag, tasks in NIGHT.items():
                forced = [(task, True) for task in tasks]
                found = night.run(dag, [*forced, ("plan", False)], "scheduled__2")
                names = [*tasks, "plan, nothing new"]
                yield from zip((f"{dag}: {name}" for name in names), found, strict=True)
            bucket.has_archive = False
            (last,) = night.run("dataset_refresh", [("plan", True)], "scheduled__3")
            yield "dataset_refresh: plan, an object for each photo", last
