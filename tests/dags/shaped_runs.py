"""Run real DAGs with `dag.test()` under overrides that change their shape; a program of its own.

Reads cases as JSON from standard input and prints `RESULT <JSON>` for each. AWS is moto. Only the
job tasks (`submit_*`, `track_*`, `ensure_*`) are replaced: they return the summary of a job that
completed, whose outputs are put into S3 before.
"""

from __future__ import annotations

import json
import sys
import threading
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
from moto import mock_aws

from include.storage.layout import Layout

BUCKET = "some-bucket"
DATASET, RECORDIO = "d1", "r1"


def main() -> None:
    cases = json.load(sys.stdin)
    with mock_aws():
        from airflow.dag_processing import dagbag

        boto3.client("s3").create_bucket(Bucket=BUCKET)
        boto3.client("ecr").create_repository(repositoryName="image-classification")
        push_image()
        folder = Path(__file__).parents[2] / "dags"
        bag = dagbag.BundleDagBag(
            dag_folder=str(folder), bundle_path=folder, bundle_name="dags-folder"
        )
        assert not bag.import_errors, bag.import_errors
        store_once(dagbag, bag)
        for case in cases:
            print("RESULT", json.dumps(run(bag, case)), flush=True)


def store_once(dagbag: Any, bag: Any) -> None:
    """Let `dag.test()` load and store all DAGs once, not for each run: it takes seconds."""
    stored: list[Any] = []
    store = dagbag.sync_bag_to_db

    def sync(*args: Any, **kwargs: Any) -> None:
        if not stored:
            store(*args, **kwargs)
        stored.append(args)

    dagbag.BundleDagBag, dagbag.sync_bag_to_db = lambda **_: bag, sync


def run(bag: Any, case: dict[str, Any]) -> dict[str, Any]:
    """Run a case's DAG, and return the result."""
    name = case["name"]
    dag = bag.dags[f"{name}__{case['family']}"]
    dag.deadline = None  # with which Airflow 3.3's dag.test() fails
    put_objects(Layout(BUCKET, name), case)
    fetched: list[list[str]] = []
    for task in dag.tasks:
        task.retries = 0
        if task.task_id.startswith(("submit_", "track_", "ensure_")):
            summary = job_summary(task.task_id, name)
            object.__setattr__(task, "execute", lambda context, summary=summary: summary)
    import include.decisions.dataset.fetch as fetching
    from include.decisions.decision import Decision

    def decide(s3: Any, layout: Layout, files: Any, allowed_hosts: str = "") -> Decision:
        fetched.append([file.file_name for file in files])
        return Decision(bool(files), "a file has changed")

    fetching.decide_fetch = decide
    with answering(case.get("answer")):
        ended = dag.test()
    return {
        "name": name,
        "state": str(ended.state),
        "states": {ti.task_id: str(ti.state) for ti in ended.get_task_instances()},
        "events": list(asset_events()),
        "facts": asset_events().get(f"{name}/model", {}),
        "packages": packages(name),
        "fetched": fetched,
    }


def put_objects(layout: Layout, case: dict[str, Any]) -> None:
    """Put the objects that earlier DAGs and the case's jobs would have written."""
    answers = [
        f"{number}.jpg,{'cat' if number % 2 else 'dog'},{'cat' if number % 2 else 'dog'},0.9"
        for number in range(40)
    ]
    counts = {"train": 100, "validation": 20, "classes": 2}
    recordio = {"version": RECORDIO, "dataset_version": DATASET, "counts": counts}
    photo = {"key": "0.jpg", "size": 1, "split": "test", "label": 0}
    job = job_summary("track_train", layout.pipeline)["job_name"]
    evaluation = {
        "dataset_version": DATASET,
        "split": "test",
        "images": 40,
        "top1": case.get("top1", 1.0),
        "top5": 1.0,
        "per_class": [
            {"label": label, "name": name, "images": 20, "top1": case.get("top1", 1.0)}
            for label, name in enumerate(("dog", "cat"))
        ],
    }
    refreshed = job_summary("track_refresh", layout.pipeline)["job_name"]
    texts = {
        layout.recordio_pointer: json.dumps(recordio),
        f"{layout.dataset(DATASET)}manifest.jsonl": json.dumps(photo),
        layout.evaluation_report(job): json.dumps(evaluation),
        layout.evaluation_answers(job): "\n".join(
            ["key,name,predicted_name,confidence", *answers, ""]
        ),
        f"{layout.source}photos.zip": "a zip",
        f"{layout.refresh_run(refreshed)}dataset.json": json.dumps({"version": DATASET}),
    }
    s3 = boto3.client("s3")
    for key, text in texts.items():
        s3.put_object(Bucket=BUCKET, Key=key, Body=text.encode())


def job_summary(task_id: str, pipeline: str) -> dict[str, Any]:
    """Return the summary of a completed job, as its sensor does."""
    stage = task_id.partition("_")[2]
    return {
        "job_name": f"{pipeline.replace('_', '-')}-{stage}-1",
        "status": "Completed",
        "outputs": {"model": f"s3://{BUCKET}/model.tar.gz"},
        "billable_seconds": 900.0,
        "spot_saving": None,
        "metrics": {},
        "instance_type": "ml.c5.xlarge",
    }


def push_image() -> None:
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "layers": [{"digest": "sha256:1"}],
        "config": {},
    }
    boto3.client("ecr").put_image(
        repositoryName="image-classification", imageTag="1", imageManifest=json.dumps(manifest)
    )


@contextmanager
def answering(answer: dict[str, str] | None) -> Any:
    """Answer the questions of a run in progress: by Airflow's API, or by a timeout."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.2):
            respond(answer or {})

    thread = threading.Thread(target=watch, daemon=True)
    if answer:
        thread.start()
    yield
    done.set()
    if answer:
        thread.join()


def respond(answer: dict[str, str]) -> None:
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from airflow.utils.state import TaskInstanceState
    from sqlalchemy import select

    with create_session() as session:
        awaiting = select(TaskInstance).where(
            TaskInstance.state == TaskInstanceState.AWAITING_INPUT
        )
        for ti in session.scalars(awaiting).all():
            if answer["says"] == "nothing":
                let_time_out(ti, session)
            else:
                answer_by_api(ti, answer, session)


def answer_by_api(ti: Any, answer: dict[str, str], session: Any) -> None:
    """Answer as the UI does, by the function behind the route, with its check of who may."""
    from airflow.api_fastapi.app import create_auth_manager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
    from airflow.api_fastapi.core_api.datamodels.hitl import UpdateHITLDetailPayload
    from airflow.api_fastapi.core_api.routes.public.hitl import update_hitl_detail
    from fastapi import HTTPException

    create_auth_manager()
    says = UpdateHITLDetailPayload(chosen_options=[answer["says"]], params_input={"why": None})
    where = {"dag_id": ti.dag_id, "dag_run_id": ti.run_id, "task_id": ti.task_id}
    for name in answer["users"]:
        user = SimpleAuthManagerUser(username=name, role="user")
        try:
            update_hitl_detail(**where, update_hitl_detail_payload=says, user=user, session=session)
            return
        except HTTPException as error:
            print("REFUSED", name, error.status_code, flush=True)


def let_time_out(ti: Any, session: Any) -> None:
    """Let the scheduler find that the timeout of the question is over."""
    from airflow.jobs.job import Job
    from airflow.jobs.scheduler_job_runner import SchedulerJobRunner

    print("TIMEOUT", ti.trigger_timeout - ti.start_date, flush=True)
    ti.trigger_timeout -= timedelta(days=1)
    session.commit()
    job: Any = Job()  # type: ignore[no-untyped-call]
    SchedulerJobRunner(job).check_awaiting_input_timeouts(session=session)


def asset_events() -> dict[str, Any]:
    """Return the extra of the last event of each asset so far, by the asset's name."""
    from airflow.models.asset import AssetEvent
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        events = session.scalars(select(AssetEvent).order_by(AssetEvent.id)).all()
        return {str(event.name): event.extra for event in events}


def packages(pipeline: str) -> list[str]:
    """Return the approval of each model package of a pipeline."""
    sagemaker = boto3.client("sagemaker")
    found = sagemaker.list_model_packages(ModelPackageGroupName=pipeline.replace("_", "-"))
    return [
        str(
            sagemaker.describe_model_package(ModelPackageName=package["ModelPackageArn"])[
                "ModelApprovalStatus"
            ]
        )
        for package in found["ModelPackageSummaryList"]
    ]


if __name__ == "__main__":
    main()
