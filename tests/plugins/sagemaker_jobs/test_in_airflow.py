"""A DAG run in Airflow: submit, defer, resume, and retry after a retryable failure; lineage."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sagemaker_jobs.lineage.events import FIGURES_FACET
from tests.plugins.sagemaker_jobs.fake_server import FakeSageMaker, serve
from tests.plugins.sagemaker_jobs.lineage.openlineage_events import (
    TaskLineage,
    file_transport,
    read_events,
)

ROOT = Path(__file__).parents[3]

DAG_FILE = """
from datetime import timedelta

from airflow.sdk import DAG, task
from sagemaker_jobs import SageMakerSubmitTrainingOperator, SageMakerJobSensor
from sagemaker_jobs.lineage.facts import DatasetFacts, JobFacts

def facts(summary):
    figures = {"top1": 0.9}
    return JobFacts(outputs=(DatasetFacts(summary["outputs"]["model"], figures=figures),))

with DAG("one_job", schedule=None) as dag:

    @task
    def build():
        return {
            "prefix": "one_job",
            "deployment": "test",
            "config": {
                "RoleArn": "arn:aws:iam::123456789012:role/service/Jobs",
                "OutputDataConfig": {"S3OutputPath": "s3://bucket/{job_name}/"},
                "InputDataConfig": [
                    {
                        "ChannelName": "train",
                        "DataSource": {
                            "S3DataSource": {
                                "S3DataType": "S3Prefix", "S3Uri": "s3://bucket/train/"
                            }
                        },
                    }
                ],
            },
        }

    submit = SageMakerSubmitTrainingOperator(task_id="submit", request=build())
    track = SageMakerJobSensor(
        task_id="track",
        job=submit.output,
        poll_interval=0.1,
        retries=1,
        retry_delay=timedelta(0),
        lineage_facts=facts,
    )

    @task
    def show(summary):
        print("SUMMARY", summary["job_name"], summary["status"], summary["outputs"])

    show(track.output)

if __name__ == "__main__":
    print("RUN", dag.test().state)
"""


@pytest.fixture
def fake() -> Iterator[tuple[FakeSageMaker, str]]:
    sagemaker = FakeSageMaker()
    server = serve(sagemaker)
    yield sagemaker, f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_a_job_is_deferred_and_retried(
    fake: tuple[FakeSageMaker, str], airflow_database: Path, tmp_path: Path
) -> None:
    sagemaker, url = fake
    shutil.copy(airflow_database / "airflow.db", tmp_path)
    file = tmp_path / "dags" / "one_job.py"
    file.parent.mkdir()
    file.write_text(DAG_FILE)
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__DAGS_FOLDER": str(file.parent),
        "AIRFLOW_CONN_AWS_DEFAULT": "aws://",
        "AWS_ENDPOINT_URL": url,
        "PYTHONPATH": str(ROOT / "plugins"),
        **file_transport(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, file], env=environment, capture_output=True, text=True, timeout=200
    )
    log = done.stdout + done.stderr
    assert "RUN success" in log, log[-5000:]
    first, second = sagemaker.jobs
    assert sagemaker.calls["CreateTrainingJob"] == 2
    assert f"created training job {first} (attempt 1)" in log
    assert f"attached to training job {first}" in log
    assert log.count("Pausing task as DEFERRED") == 2
    assert "epoch 1: training accuracy 0.500" in log
    assert "Found credentials" not in log
    assert f"JobInterrupted: training job {first} is Failed: CapacityError" in log
    assert f"created training job {second} (attempt 2)" in log
    assert f"SUMMARY {second} Completed {{'model': 's3://bucket/model.tar.gz'}}" in log
    check_lineage(read_events(tmp_path))


def check_lineage(events: list[TaskLineage]) -> None:
    """Check that the job's datasets are in the events of its two tasks."""
    train, model = ("s3://bucket", "train"), ("s3://bucket", "model.tar.gz")
    ended = {event.job: event for event in events if event.state == "COMPLETE"}
    assert set(ended["one_job.submit"].inputs) == {train}
    tracked = ended["one_job.track"]
    assert (set(tracked.inputs), set(tracked.outputs)) == ({train}, {model})
    assert tracked.outputs[model][FIGURES_FACET]["top1"] == 0.9
    (failed,) = (event for event in events if event.state == "FAIL")
    assert (failed.job, set(failed.inputs)) == ("one_job.track", {train})
