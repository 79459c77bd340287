"""A running DAG run, and the moments in it at which a process can be killed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from include.local_run.drive.clients import AwsClients
from include.local_run.drive.dag_run import DagRun
from include.storage.layout import Layout
from tests.kill_matrix.airflow_database import AirflowDatabase
from tests.kill_matrix.commit_records import commit_records
from tests.kill_matrix.invariants import Job

KINDS = ("processing", "training", "transform")
KIND_OF_STAGE = {"train": "training", "transform": "transform"}
"""The job type of these stages; all other stages have processing jobs."""


class Jobs:
    """The jobs of the local AWS.

    Args:
        sagemaker: A boto3 SageMaker client.
    """

    def __init__(self, sagemaker: Any) -> None:
        self._sagemaker = sagemaker

    def names(self, kind: str, most: int = 100) -> list[str]:
        """Return the names of the newest jobs of a type, newest first."""
        word = kind.capitalize()
        answer = getattr(self._sagemaker, f"list_{kind}_jobs")(
            SortBy="CreationTime", SortOrder="Descending", MaxResults=most
        )
        return [job[f"{word}JobName"] for job in answer[f"{word}JobSummaries"]]

    def all_names(self) -> frozenset[str]:
        """Return the names of the jobs of all types."""
        return frozenset(name for kind in KINDS for name in self.names(kind))

    def describe(self, kind: str, name: str) -> dict[str, Any]:
        """Describe a job."""
        call = getattr(self._sagemaker, f"describe_{kind}_job")
        return dict(call(**{f"{kind.capitalize()}JobName": name}))

    def others(self, known: frozenset[str]) -> list[Job]:
        """Return all jobs except for the known ones."""
        return [
            self.job(kind, name) for kind in KINDS for name in self.names(kind) if name not in known
        ]

    def job(self, kind: str, name: str) -> Job:
        """Return a job with its tags."""
        word, described = kind.capitalize(), self.describe(kind, name)
        listed = self._sagemaker.list_tags(ResourceArn=described[f"{word}JobArn"])
        tags = {tag["Key"]: tag["Value"] for tag in listed["Tags"]}
        has_ended = described[f"{word}JobStatus"] not in ("InProgress", "Stopping")
        ended = described.get(f"{word}EndTime") or described.get("LastModifiedTime")
        return Job(
            kind=kind,
            name=name,
            owner=tags.get("sagemaker-jobs:task", ""),
            request=tags.get("sagemaker-jobs:request", ""),
            status=described[f"{word}JobStatus"],
            created=described["CreationTime"],
            ended=ended if has_ended else None,
            reason=described.get("FailureReason", ""),
        )


@dataclass(frozen=True)
class Scene:
    """A running DAG run, with access to its state.

    Attributes:
        run: The DAG run.
        database: Airflow's database.
        aws: The clients of the local AWS.
        endpoint: The name of the pipeline's endpoint.
        known: The names of the jobs that existed before the run.
        packages: The number of model packages before the run.
        layout: The pipeline's S3 keys.
        family: The run's DAG family.
        records: The family's commit records before the run, by key.
        owners: The tasks of new jobs by job name, as they become known.
    """

    run: DagRun
    database: AirflowDatabase
    aws: AwsClients
    endpoint: str
    known: frozenset[str]
    packages: int
    layout: Layout
    family: str
    records: Mapping[str, str]
    owners: dict[str, str] = field(default_factory=dict)

    def state(self, task: str) -> str | None:
        """Return a task's state."""
        found = self.database.tasks(self.run).get(task)
        return found.state if found else None

    def new_job(self, task: str) -> tuple[str, str] | None:
        """Return type and name of the newest job of a task's stage, if the run has created it."""
        stage, jobs = task.partition("_")[2], Jobs(self.aws.sagemaker)
        kind = KIND_OF_STAGE.get(stage, "processing")
        newest = jobs.names(kind, most=1)
        if not newest or newest[0] in self.known:
            return None
        (name,) = newest
        if name not in self.owners:  # a run has several processing jobs
            self.owners[name] = jobs.job(kind, name).task
        return (kind, name) if self.owners[name] == f"submit_{stage}" else None

    def endpoint_changes(self) -> bool:
        """Return whether the endpoint is being created or updated."""
        described = self.aws.sagemaker.describe_endpoint(EndpointName=self.endpoint)
        return bool(described["EndpointStatus"] in ("Creating", "Updating"))

    def registered(self) -> bool:
        """Return whether the run has registered a model package."""
        found = self.aws.sagemaker.list_model_packages(
            ModelPackageGroupName=self.endpoint, MaxResults=100
        )
        return len(found["ModelPackageSummaryList"]) > self.packages

    def has_committed(self) -> bool:
        """Return whether the run has written its commit record."""
        return commit_records(self.aws.s3, self.layout, self.family) != self.records


@dataclass(frozen=True)
class Moment:
    """A moment in a run.

    Attributes:
        description: Its description in the table.
        task: The task of the moment.
        has_come: Returns whether the moment has come; it is called repeatedly.
        near: The states of the task in which `has_come` is called at a high rate.
    """

    description: str
    task: str
    has_come: Callable[[Scene], bool]
    near: tuple[str, ...] = ("queued", "running")


def job_created(task: str) -> Moment:
    """The submitting task has created its job and is still running."""

    def has_come(scene: Scene) -> bool:
        return scene.state(task) == "running" and scene.new_job(task) is not None

    return Moment(f"right after `{task}` created its job", task, has_come)


def update_begun(task: str) -> Moment:
    """The deploying task has begun the endpoint's update and is still running."""

    def has_come(scene: Scene) -> bool:
        return scene.state(task) == "running" and scene.endpoint_changes()

    return Moment(f"right after `{task}` began the update", task, has_come)


def package_created(task: str) -> Moment:
    """The registering task has created the model package and is still running."""

    def has_come(scene: Scene) -> bool:
        return scene.state(task) == "running" and scene.registered()

    return Moment(f"right after `{task}` created the model package", task, has_come)


def record_written(task: str, record: str) -> Moment:
    """The publishing task has written the run's commit record and is still running."""

    def has_come(scene: Scene) -> bool:
        return scene.state(task) == "running" and scene.has_committed()

    return Moment(f"right after `{task}` wrote {record}", task, has_come)


def task_running(task: str) -> Moment:
    """The task is running."""
    return Moment(f"while `{task}` runs", task, lambda scene: scene.state(task) == "running")


def job_tracked(task: str) -> Moment:
    """The job's program is running, and the tracking task is deferred."""

    def has_come(scene: Scene) -> bool:
        return scene.state(task) == "deferred" and _is_job_running(scene, task)

    return Moment(f"while the job runs and `{task}` is deferred", task, has_come, ("deferred",))


def job_running(submit: str) -> Moment:
    """The job's program is running, in any state of the tracking task.

    The job may end before the tracking task would be deferred.
    """

    def has_come(scene: Scene) -> bool:
        return scene.state(submit) in ("running", "success") and _is_job_running(scene, submit)

    description = f"while the job of `{submit}` runs"
    return Moment(description, submit, has_come, near=("running", "success"))


def _is_job_running(scene: Scene, task: str) -> bool:
    job = scene.new_job(task)
    if job is None:
        return False
    described = Jobs(scene.aws.sagemaker).describe(*job)
    word = job[0].capitalize()
    return f"{word}StartTime" in described and described[f"{word}JobStatus"] == "InProgress"


def endpoint_tracked(task: str) -> Moment:
    """The endpoint is changing, and the tracking task is deferred."""

    def has_come(scene: Scene) -> bool:
        return scene.state(task) == "deferred" and scene.endpoint_changes()

    description = f"while the endpoint changes and `{task}` is deferred"
    return Moment(description, task, has_come, near=("deferred",))


def between(before: str, after: str) -> Moment:
    """One task has succeeded, and the next one has not started."""

    def has_come(scene: Scene) -> bool:
        tasks = scene.database.tasks(scene.run)
        waits = tasks[after].state in (None, "scheduled", "queued")
        return tasks[before].state == "success" and waits

    return Moment(
        f"between `{before}` and `{after}`", before, has_come, near=("running", "success")
    )
