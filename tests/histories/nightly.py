"""Nightly training over a simulated AWS and Airflow: the product's own tasks, without processes.

Of the stages after the training there is one job, `evaluate`. Any number of runs is active at a
time, as with two schedulers that do not know of each other.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest

from include.config import Deployment, Pipeline, find_pipeline
from include.sagemaker_requests import candidate_model_request, evaluate_request
from include.storage.layout import Layout
from sagemaker_jobs import (
    SageMakerJobSensor,
    SageMakerSubmitProcessingOperator,
    SageMakerSubmitTrainingOperator,
)
from sagemaker_jobs.errors import JobNotStopped
from sagemaker_jobs.jobs.sweep import sweep
from sagemaker_jobs.triggers.job import SageMakerJobTrigger
from tests.conftest import ROOT
from tests.dags.task_calls import running
from tests.histories.airflow import Run, SimulatedAirflow, Task, context_of
from tests.histories.aws import Fault, SimulatedAws, SimulatedS3
from tests.plugins.sagemaker_jobs.tasks import run as run_operator
from tests.plugins.sagemaker_jobs.tasks import with_client

BUCKET = "some-bucket"
TASKS = ("plan", "submit_train", "track_train", "submit_evaluate", "track_evaluate", "register")
ONE_HOUR = timedelta(hours=1)
TEST_PHOTO = {"key": "aa.jpg", "size": 1, "split": "test", "label": 0}
VERDICT = {"verdict": "keep", "reason": "as good as the champion", "top1": 0.5}
DEPLOYMENT = Deployment(
    name="testing",
    bucket=BUCKET,
    role_arn="arn:aws:iam::123456789012:role/sagemaker",
    image_uri=f"123456789012.dkr.ecr.us-east-1.amazonaws.com/image@sha256:{'0' * 64}",
    region="us-east-1",
)
_SILENT = logging.Logger("histories", level=logging.CRITICAL + 1)


@cache
def _dag() -> Any:
    from airflow.dag_processing.dagbag import BundleDagBag

    folder = ROOT / "dags"
    file = str(folder / "nightly_training.py")
    bag = BundleDagBag(dag_folder=file, bundle_path=folder, bundle_name="dags-folder")
    return bag.dags[SimulatedAirflow.dag_id]


@cache
def _pipeline() -> Pipeline:
    return find_pipeline("merch", "local")


@cache
def _operators() -> dict[str, Any]:
    request: dict[str, Any] = {}
    operators: dict[str, Any] = {
        "submit_train": SageMakerSubmitTrainingOperator(
            task_id="submit_train", request=request, sensor_task_id="track_train"
        ),
        "submit_evaluate": SageMakerSubmitProcessingOperator(
            task_id="submit_evaluate", request=request, sensor_task_id="track_evaluate"
        ),
        "track_train": SageMakerJobSensor(task_id="track_train", job={}),
        "track_evaluate": SageMakerJobSensor(task_id="track_evaluate", job={}),
    }
    return operators


class _AsyncClient:
    """The simulated AWS as an aiobotocore client."""

    def __init__(self, client: SimulatedAws) -> None:
        self._client = client

    async def __aenter__(self) -> _AsyncClient:
        return self

    async def __aexit__(self, *error: object) -> None:
        return None

    def __getattr__(self, operation: str) -> Any:
        async def call(**request: Any) -> Any:
            return getattr(self._client, operation)(**request)

        return call


class NightlyTraining:
    """The runs of one pipeline, and what is done to them."""

    def __init__(self) -> None:
        self.aws, self.s3 = SimulatedAws(), SimulatedS3()
        self.airflow = SimulatedAirflow(TASKS, _dag().get_task("plan").retry_policy)
        self.pipeline = _pipeline()
        self.layout = Layout(BUCKET, self.pipeline.name)
        self.data = 0
        self._patches = pytest.MonkeyPatch()
        for module in ("jobs.shared_work", "triggers.job"):
            self._patches.setattr(f"sagemaker_jobs.{module}.get_task_states", self.airflow.states)
        self._patches.setattr(SageMakerJobSensor, "_log_last_lines", lambda *_: None)
        for name in ("dag_factory", "include"):
            self._patches.setattr(logging.getLogger(name), "disabled", True)
        for name in ("dag_factory.skipping", "sagemaker_jobs.jobs.sweep"):
            self._patches.setattr(logging.getLogger(name), "disabled", True)
        self.change_data()

    def close(self) -> None:
        self._patches.undo()

    def change_data(self) -> None:
        """Publish another dataset and RecordIO version."""
        self.data += 1
        counts = {"train": 100, "validation": 20, "classes": 5}
        record = {"version": self.recordio, "dataset_version": f"d{self.data}", "counts": counts}
        self._put(self.layout.recordio_pointer, record)
        self._put(self.layout.dataset_manifest(f"d{self.data}"), TEST_PHOTO)

    @property
    def recordio(self) -> str:
        return f"r{self.data}"

    def _put(self, key: str, content: Any) -> None:
        self.s3.put_object(Key=key, Body=json.dumps(content).encode())

    def model_key(self, job: str) -> str:
        return f"{self.layout.models}{job}/output/model.tar.gz"

    def step(self, run: Run, fault: Fault | None = None) -> None:
        """Run the run's next task."""
        if (task := run.next_task) is not None:
            with self._faults(fault):
                self.airflow.start(run, task, lambda: self._body(run, task))

    def wake(self, run: Run, status: str = "ended", fault: Fault | None = None) -> None:
        """Let the trigger of the run's deferred task fire."""
        if (task := run.deferred) is not None:
            event = {"status": status, **task.trigger.context()}
            tracker = self._operator(task, "job", self._submitted(run, task))
            context = context_of(run, task)
            with self._faults(fault):
                self.airflow.advance(
                    run,
                    task,
                    lambda: run_operator(tracker, "resume", context=context, event=event),
                )

    def has_ended(self, run: Run) -> bool:
        """Return whether the job that a run's deferred task waits for has ended."""
        task = run.deferred
        return task is not None and not self.aws.jobs[task.trigger.job_name].is_running

    def kill_triggers(self) -> None:
        """Let the triggerer stop the triggers of killed tasks."""
        kills, self.airflow.kills = self.airflow.kills, []
        for run, task, deferred in kills:
            trigger: Any = SageMakerJobTrigger(**deferred.serialize()[1])
            trigger._log = trigger._cached_logger = _SILENT
            trigger._task_instance = SimpleNamespace(
                dag_id=self.airflow.dag_id, run_id=run.run_id, task_id=task.task_id, map_index=-1
            )
            trigger.sagemaker = self._connect
            asyncio.run(trigger.on_kill())

    async def _connect(self) -> Any:
        return _AsyncClient(self.aws)

    def sweep(self, fault: Fault | None = None) -> dict[str, list[dict[str, str]]]:
        """Stop orphans, as the DAG job_sweep does, an hour from now."""
        self.aws.now += ONE_HOUR

        def states(owner: Any) -> dict[str, str | None]:
            tasks = [owner.task_id, owner.sensor_task_id]
            return self.airflow.states(owner.dag_id, owner.run_id, task_ids=tasks)

        tags = {"deployment": DEPLOYMENT.name}
        with self._faults(fault):
            try:
                return sweep(self.aws, tags, states, self.aws.now)
            except JobNotStopped as error:
                return dict(error.done)

    def end_job(self, name: str, how: str) -> None:
        """End a job: a stopping one is stopped, others complete or fail."""
        job = self.aws.jobs[name]
        if job.status == "Stopping":
            self.aws.end(name, "Stopped")
        elif how == "complete":
            self.aws.end(name, "Completed")
            if job.kind.name == "training":
                self.s3.put_object(Key=self.model_key(name), Body=b"model")
        elif how == "capacity":
            self.aws.end(name, "Failed", "CapacityError: Unable to provision capacity")
        else:
            self.aws.end(name, "Failed", "AlgorithmError: the training diverged")

    @contextmanager
    def _faults(self, fault: Fault | None) -> Iterator[None]:
        without = self.aws.fault
        self.aws.fault = fault or without
        try:
            yield
        finally:
            self.aws.fault = without

    def _body(self, run: Run, task: Task) -> Any:
        context = context_of(run, task)
        if task.task_id == "plan":
            return self._call("plan", context)
        if task.task_id == "submit_train":
            request = run.task("plan").result["request"]
            return run_operator(self._operator(task, "request", request), context=context)
        if task.task_id == "submit_evaluate":
            return run_operator(
                self._operator(task, "request", self._evaluation(run)), context=context
            )
        if task.task_id in ("track_train", "track_evaluate"):
            job = self._submitted(run, task)
            return run_operator(self._operator(task, "job", job), context=context)
        return self._register(run, context)

    def _submitted(self, run: Run, task: Task) -> Any:
        return run.task(task.task_id.replace("track", "submit")).result

    def _operator(self, task: Task, field: str, value: Any) -> Any:
        operator = _operators()[task.task_id]
        setattr(operator, field, json.loads(json.dumps(value)))
        operator._log = operator._cached_logger = _SILENT
        return with_client(operator, self.aws)

    def _evaluation(self, run: Run) -> Any:
        trained = run.task("track_train").result["job_name"]
        version = run.task("plan").result["lineage"]["dataset_version"]
        return evaluate_request(self.pipeline, DEPLOYMENT, trained, version)

    def _register(self, run: Run, context: Any) -> Any:
        assert run.task("track_evaluate").result["status"] == "Completed"
        trained = run.task("track_train").result
        model = candidate_model_request(self.pipeline, DEPLOYMENT, trained["outputs"]["model"])
        lineage = run.task("plan").result["lineage"]
        return self._call("register", context, lineage, trained, VERDICT, model)

    def _call(self, task_id: str, context: dict[str, Any], *args: Any) -> Any:
        dag_task = _dag().get_task(task_id)
        run_context = SimpleNamespace(
            s3=self.s3,
            sagemaker=self.aws,
            ecr=None,
            bucket=BUCKET,
            pipeline=self.pipeline,
            deployment=DEPLOYMENT,
            layout=self.layout,
        )
        dag_task._pre_execute_hook({**context, "task": dag_task, "dag": _dag()})
        function = dag_task.python_callable
        with running(function, run_context, context, self._patches):
            return function(self.pipeline.name, *args)
