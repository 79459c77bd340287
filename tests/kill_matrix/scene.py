"""A run that is under way, and the moments in it that a kill can wait for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from include.local_run.drive.clients import AwsClients
from include.local_run.drive.dag_run import DagRun
from tests.kill_matrix.airflow_database import AirflowDatabase
from tests.kill_matrix.invariants import Job

KINDS = ("processing", "training", "transform")
KIND_OF_STAGE = {"train": "training", "transform": "transform"}
"""The kind of each stage's job; all the others are processing jobs."""


class Jobs:
    """The server's jobs, by its API.

    Args:
        sagemaker: A boto3 client.
    """

    def __init__(self, sagemaker: Any) -> None:
        self._sagemaker = sagemaker

    def names(self, kind: str, most: int = 100) -> list[str]:
        """The newest jobs' names, newest first."""
        word = kind.capitalize()
        answer = getattr(self._sagemaker, f"list_{kind}_jobs")(
            SortBy="CreationTime", SortOrder="Descending", MaxResults=most
        )
        return [job[f"{word}JobName"] for job in answer[f"{word}JobSummaries"]]

    def all_names(self) -> frozenset[str]:
        """All kinds' names."""
        return frozenset(name for kind in KINDS for name in self.names(kind))

    def describe(self, kind: str, name: str) -> dict[str, Any]:
        """What the server says of a job."""
        call = getattr(self._sagemaker, f"describe_{kind}_job")
        return dict(call(**{f"{kind.capitalize()}JobName": name}))

    def others(self, known: frozenset[str]) -> list[Job]:
        """All jobs but the known ones."""
        return [
            self._job(kind, name)
            for kind in KINDS
            for name in self.names(kind)
            if name not in known
        ]

    def _job(self, kind: str, name: str) -> Job:
        word, told = kind.capitalize(), self.describe(kind, name)
        answer = self._sagemaker.list_tags(ResourceArn=told[f"{word}JobArn"])
        tags = {tag["Key"]: tag["Value"] for tag in answer["Tags"]}
        over = told[f"{word}JobStatus"] not in ("InProgress", "Stopping")
        ended = told.get(f"{word}EndTime") or told.get("LastModifiedTime")
        return Job(
            kind=kind,
            name=name,
            owner=tags.get("sagemaker-jobs:task", ""),
            request=tags.get("sagemaker-jobs:request", ""),
            status=told[f"{word}JobStatus"],
            created=told["CreationTime"],
            ended=ended if over else None,
            reason=told.get("FailureReason", ""),
        )


@dataclass(frozen=True)
class Scene:
    """A run, and what to watch it by.

    Attributes:
        run: The run.
        database: Airflow's.
        aws: The server's clients.
        endpoint: The name of the pipeline's endpoint.
        known: The jobs that were there before the run.
        packages: How many model packages were there before the run.
    """

    run: DagRun
    database: AirflowDatabase
    aws: AwsClients
    endpoint: str
    known: frozenset[str]
    packages: int

    def state(self, task: str) -> str | None:
        """A task's state."""
        found = self.database.tasks(self.run).get(task)
        return found.state if found else None

    def new_job(self, task: str) -> tuple[str, str] | None:
        """Kind and name of the newest job of a task's stage, if the run has created one."""
        kind = KIND_OF_STAGE.get(task.partition("_")[2], "processing")
        newest = Jobs(self.aws.sagemaker).names(kind, most=1)
        return (kind, newest[0]) if newest and newest[0] not in self.known else None

    def endpoint_changes(self) -> bool:
        """Whether the endpoint is on the way to something."""
        told = self.aws.sagemaker.describe_endpoint(EndpointName=self.endpoint)
        return bool(told["EndpointStatus"] in ("Creating", "Updating"))

    def registered(self) -> bool:
        """Whether the run has registered a model package."""
        found = self.aws.sagemaker.list_model_packages(
            ModelPackageGroupName=self.endpoint, MaxResults=100
        )
        return len(found["ModelPackageSummaryList"]) > self.packages


@dataclass(frozen=True)
class Moment:
    """A moment in a run.

    Attributes:
        words: What the table says of it.
        task: The task that it is about.
        has_come: Asked again and again until it says yes.
        near: In which states of the task the moment is so near that it is asked all the time.
    """

    words: str
    task: str
    has_come: Callable[[Scene], bool]
    near: tuple[str, ...] = ("queued", "running")


def created(task: str) -> Moment:
    """The task that submits a job has had the server create it, and has not ended."""

    def has_come(scene: Scene) -> bool:
        return scene.state(task) == "running" and scene.new_job(task) is not None

    return Moment(f"right after `{task}` created its job", task, has_come)


def endpoint_told(task: str) -> Moment:
    """The task that deploys has had the server begin the update, and has not ended."""

    def has_come(scene: Scene) -> bool:
        return scene.state(task) == "running" and scene.endpoint_changes()

    return Moment(f"right after `{task}` began the update", task, has_come)


def registered(task: str) -> Moment:
    """The task that registers has had the server create a package, and has not ended."""

    def has_come(scene: Scene) -> bool:
        return scene.state(task) == "running" and scene.registered()

    return Moment(f"right after `{task}` created the model package", task, has_come)


def runs(task: str) -> Moment:
    """The task runs."""
    return Moment(f"while `{task}` runs", task, lambda scene: scene.state(task) == "running")


def works(task: str) -> Moment:
    """The job's program works, and the task that tracks it is deferred."""

    def has_come(scene: Scene) -> bool:
        return scene.state(task) == "deferred" and _at_work(scene, task)

    return Moment(f"while the job works and `{task}` is deferred", task, has_come, ("deferred",))


def begins(submit: str) -> Moment:
    """The job's program works, whatever the tasks do: it may end before one would be deferred."""

    def has_come(scene: Scene) -> bool:
        return scene.state(submit) in ("running", "success") and _at_work(scene, submit)

    words = f"while the job of `{submit}` works"
    return Moment(words, submit, has_come, near=("running", "success"))


def _at_work(scene: Scene, task: str) -> bool:
    job = scene.new_job(task)
    if job is None:
        return False
    told = Jobs(scene.aws.sagemaker).describe(*job)
    word = job[0].capitalize()
    return f"{word}StartTime" in told and told[f"{word}JobStatus"] == "InProgress"


def moves(task: str) -> Moment:
    """The endpoint changes, and the task that tracks it is deferred."""

    def has_come(scene: Scene) -> bool:
        return scene.state(task) == "deferred" and scene.endpoint_changes()

    words = f"while the endpoint changes and `{task}` is deferred"
    return Moment(words, task, has_come, near=("deferred",))


def between(before: str, after: str) -> Moment:
    """One task is done, and the next has not begun."""

    def has_come(scene: Scene) -> bool:
        tasks = scene.database.tasks(scene.run)
        waits = tasks[after].state in (None, "scheduled", "queued")
        return tasks[before].state == "success" and waits

    return Moment(
        f"between `{before}` and `{after}`", before, has_come, near=("running", "success")
    )
