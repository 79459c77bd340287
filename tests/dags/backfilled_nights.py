"""A program for a test: one night of training, then a backfill of two weeks, in Airflow.

Airflow creates the runs and decides which tasks run; the tasks run in this process, and AWS is in
memory. The night submits its training; the tasks after that are marked as succeeded.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
from airflow.dag_processing.dagbag import BundleDagBag
from airflow.models.backfill import _create_backfill
from airflow.models.dagrun import DagRun
from airflow.sdk.definitions.dag import _run_task
from airflow.serialization.serialized_objects import DagSerialization
from airflow.utils.session import create_session
from moto import mock_aws
from sqlalchemy import select

BUCKET = "some-bucket"
RECORD = {
    "version": "r1",
    "dataset_version": "d1",
    "counts": {"train": 100, "validation": 20, "classes": 5},
}
PHOTO = {"key": "aa.jpg", "size": 1, "split": "test", "label": 0}
AFTER_THE_TRAINING_IS_SUBMITTED = "(?!plan|submit_train).*"
FIRST, LAST = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 14, 23, tzinfo=UTC)


def prepare_bucket() -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    for key, content in (
        ("recordio/current.json", RECORD),
        ("dataset/versions/d1/manifest.jsonl", PHOTO),
    ):
        s3.put_object(Bucket=BUCKET, Key=f"merch/{key}", Body=json.dumps(content).encode())


def create_backfill(dag: Any) -> list[str]:
    """Create the runs of a backfill as `airflow backfill create` does, and return their ids."""
    backfill = _create_backfill(
        dag_id=dag.dag_id,
        from_date=FIRST,
        to_date=LAST,
        max_active_runs=14,
        reverse=False,
        dag_run_conf={},
        triggering_user_name="anna",
    )
    with create_session() as session:
        return list(session.scalars(select(DagRun.run_id).filter_by(backfill_id=backfill.id)))


def run_to_its_end(dag: Any, scheduled: Any, run_id: str) -> list[str]:
    """Schedule and run the tasks of a run, as `dag.test()` does; return the tasks' states."""
    while True:
        with create_session() as session:
            run: Any = session.scalars(select(DagRun).filter_by(run_id=run_id)).one()
            run.dag, run.state = scheduled, "running"
            ready, _ = run.update_state(session=session, execute_callbacks=False)
            if run.state != "running":
                return [str(ti.state) for ti in run.get_task_instances()]
            for ti in ready:
                ti.try_number += 1
                ti.state = "scheduled"
            session.commit()
        for ti in ready:
            _run_task(ti=ti, task=dag.task_dict[ti.task_id])


def main(folder: Path) -> None:
    file = str(folder / "nightly_training.py")
    bag = BundleDagBag(dag_folder=file, bundle_path=folder, bundle_name="dags-folder")
    dag = bag.dags["merch__nightly_training"]
    night = dag.test(mark_success_pattern=AFTER_THE_TRAINING_IS_SUBMITTED)
    print("NIGHT", night.state)
    # After the test run, which removes the deadline alerts.
    scheduled = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dag))
    runs = [run_to_its_end(dag, scheduled, run_id) for run_id in create_backfill(dag)]
    print("BACKFILL", len(runs), dict(Counter(state for states in runs for state in states)))
    jobs = boto3.client("sagemaker").list_training_jobs()["TrainingJobSummaries"]
    print("TRAININGS", len(jobs))


if __name__ == "__main__":
    with mock_aws():
        prepare_bucket()
        main(Path(sys.argv[1]))
