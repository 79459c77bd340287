"""The task of the job sweep, run by Airflow: it reads the states of another DAG's tasks."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from sagemaker_jobs.errors import JobNotStopped
from sagemaker_jobs.notifications.notification import Notification
from tests.include.local_aws.local_server import BUCKET, IMAGE, ROLE, LocalServer
from tests.plugins.sagemaker_jobs.descriptions import training_job
from tests.plugins.sagemaker_jobs.jobs.test_sweep import lists

ROOT = Path(__file__).parents[2]

SCRIPT = """
import sys
from datetime import timedelta

import boto3
from airflow.sdk import DAG, task
from airflow.sdk.exceptions import AirflowFailException

from job_sweep import stop_orphans

with DAG("cars__x", schedule=None) as cars:

    @task
    def submit_x():
        pass

    @task
    def track_x():
        raise AirflowFailException("it gave up")

    submit_x() >> track_x()

with DAG("sweep", schedule=None) as sweep:
    # The DAG itself has a deadline, with which Airflow 3.3's dag.test() fails.
    stop_orphans()

if __name__ == "__main__":
    from sagemaker_jobs.jobs import ensure, identity, kinds, orphans

    image, role = sys.argv[1:]
    cluster = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 10}
    config = {
        "RoleArn": role,
        "AppSpecification": {"ImageUri": image, "ContainerArguments": ["sleep"]},
        "ProcessingResources": {"ClusterConfig": cluster},
        "Tags": [{"Key": "deployment", "Value": "here"}],
    }
    request = {"prefix": "x", "config": config}
    for run_id in (cars.test().run_id, "deleted"):
        whose = identity.JobIdentity("here", "cars__x", "submit_x", run_id, -1, 0)
        client = boto3.client("sagemaker")
        job = ensure.ensure_job(client, kinds.KINDS["processing"], request, whose)
        print("JOB", job.name)
    orphans.GRACE_PERIOD = timedelta(0)
    print("RUN", sweep.test().state)
"""


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[LocalServer]:
    server = LocalServer(tmp_path / "aws")
    server.start()
    server.s3.create_bucket(Bucket=BUCKET)
    yield server
    assert server.stop() == 0


def test_it_stops_the_job_of_a_run_that_has_ended(
    aws: LocalServer, airflow_database: Path, tmp_path: Path
) -> None:
    shutil.copy(airflow_database / "airflow.db", tmp_path)
    script = tmp_path / "dags" / "cars.py"
    shutil.copytree(ROOT / "dags" / "dag_factory", script.parent / "dag_factory")
    shutil.copy(ROOT / "dags" / "job_sweep.py", script.parent)
    script.write_text(SCRIPT)
    paths = (ROOT, ROOT / "plugins", script.parent)
    environment = {
        **os.environ,
        **aws.environment,
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__DAGS_FOLDER": str(script.parent),
        "AIRFLOW_CONN_AWS_DEFAULT": "aws://",
        "AIRFLOW_VAR_DEPLOYMENT": "here",
        "AIRFLOW_VAR_ARTIFACT_BUCKET": BUCKET,
        "AIRFLOW_VAR_SAGEMAKER_ROLE_ARN": ROLE,
        "AIRFLOW_VAR_IMAGE_URI": IMAGE,
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
    }
    command = [sys.executable, str(script), IMAGE, ROLE]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200)
    log = done.stdout + done.stderr
    assert "RUN success" in log, log[-5000:]
    orphan, unknown = (line.split()[1] for line in log.splitlines() if line.startswith("JOB "))
    reason = "no task waits for it: submit_x is success, track_x is failed"
    assert f"stopped: processing job {orphan}: {reason}" in log
    assert f"unassigned: processing job {unknown}: Airflow has no run deleted of cars__x" in log
    assert aws.wait_for_job("processing", orphan)["ProcessingJobStatus"] == "Stopped"
    left = aws.sagemaker.describe_processing_job(ProcessingJobName=unknown)
    assert left["ProcessingJobStatus"] == "InProgress"


def test_stopped_jobs_are_reported_although_another_stop_failed(
    dag_bag: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next attempt has new XComs, and no longer finds the stopped jobs."""
    client = boto3.client("sagemaker", region_name="us-east-1")
    sent: list[Notification] = []
    context = {"ti": SimpleNamespace(dag_id="job_sweep", run_id="scheduled_1")}
    deployment = SimpleNamespace(name="here")
    stop_orphans = dag_bag.dags["job_sweep"].get_task("stop_orphans").python_callable
    monkeypatch.setitem(stop_orphans.__globals__, "load_deployment", lambda: deployment)
    monkeypatch.setitem(stop_orphans.__globals__, "aws_client", lambda _: client)
    monkeypatch.setattr("dag_factory.notifications.get_current_context", lambda: context)
    monkeypatch.setattr("dag_factory.notifications.send", sent.append)
    monkeypatch.setattr(
        "sagemaker_jobs.jobs.sweep.owner_states",
        lambda owner: {owner.task_id: "success", str(owner.sensor_task_id): "failed"},
    )
    with Stubber(client) as stub:
        lists(stub, "first", "second")
        stub.add_client_error("stop_training_job", "AccessDeniedException", "may not stop")
        stub.add_response("describe_training_job", training_job("first"))
        stub.add_response("stop_training_job", {}, {"TrainingJobName": "second"})
        with pytest.raises(JobNotStopped, match="training job first: may not stop"):
            stop_orphans()
    (notice,) = sent
    assert notice.event == "orphans"
    assert notice.details.startswith("stopped: training job second of d/submit_train/second: ")
