"""SageMaker in memory: jobs that end when a test says so, their tags, and faults of calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

from sagemaker_jobs.jobs.kinds import KINDS, RUNNING_STATES, JobKind

ACCOUNT = "arn:aws:sagemaker:us-east-1:123456789012"


def client_error(operation: str, code: str, message: str) -> ClientError:
    """Return the error that boto3 raises for this code."""
    response: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {}}
    return ClientError(response, operation)


@dataclass
class SimulatedJob:
    """A job; `request` is the one of its creation, without its tags."""

    kind: JobKind
    name: str
    request: dict[str, Any]
    tags: dict[str, str]
    created: datetime
    status: str = "InProgress"
    reason: str = ""
    hidden: bool = field(default=False)

    @property
    def arn(self) -> str:
        return f"{ACCOUNT}:{self.kind.name}-job/{self.name}"

    @property
    def is_running(self) -> bool:
        return self.status in RUNNING_STATES

    def described(self) -> dict[str, Any]:
        kind, output = self.kind, self.request.get("OutputDataConfig", {}).get("S3OutputPath", "")
        model = f"{output.rstrip('/')}/{self.name}/output/model.tar.gz"
        return {
            "StoppingCondition": {},
            "ResourceConfig": {"InstanceType": "ml.c5.xlarge", "InstanceCount": 1},
            **self.request,
            kind.name_field: self.name,
            kind.arn_field: self.arn,
            f"{kind.prefix}JobStatus": self.status,
            "CreationTime": self.created,
            **({"FailureReason": self.reason} if self.reason else {}),
            **({"ModelArtifacts": {"S3ModelArtifacts": model}} if kind.name == "training" else {}),
            **({"TrainingTimeInSeconds": 60} if self.status == "Completed" else {}),
        }


class SimulatedSageMaker:
    """A client of SageMaker, like boto3's, over jobs in memory.

    Attributes:
        jobs: The jobs by name, in the order of their creation.
        calls: The number of calls of each operation.
        before_create: Called once, just before the next job is created.
        on_create: Called with each job that was created.
        fault: Called around each call with the operation and "before" or "after"; may raise.
    """

    exceptions = SimpleNamespace(ClientError=ClientError)
    meta = SimpleNamespace(
        partition="aws", region_name="us-east-1", endpoint_url="http://127.0.0.1:1"
    )

    def __init__(self) -> None:
        self.jobs: dict[str, SimulatedJob] = {}
        self.calls: Counter[str] = Counter()
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.before_create: Callable[[], None] | None = None
        self.on_create: Callable[[SimulatedJob], None] = lambda job: None
        self.fault: Callable[[str, str], None] = lambda operation, moment: None
        self._refusals: dict[str, ClientError] = {}

    def end(self, name: str, status: str, reason: str = "") -> None:
        """Let a job have this status."""
        self.jobs[name].status, self.jobs[name].reason = status, reason

    def tags_of(self, name: str) -> dict[str, str]:
        return self.jobs[name].tags

    def hide(self, name: str) -> None:
        """Let a job of this name exist that is not described yet."""
        job = SimulatedJob(KINDS["training"], name, {}, {}, self.now, hidden=True)
        self.jobs[name] = job

    def refuse(self, operation: str, code: str, message: str) -> None:
        """Refuse an operation from now on."""
        self._refusals[operation] = client_error(operation, code, message)

    def running(self, kind: str) -> list[SimulatedJob]:
        """Return the running jobs of a kind."""
        return [job for job in self.jobs.values() if job.kind.name == kind and job.is_running]

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        if operation.startswith("_"):
            raise AttributeError(operation)

        def call(**request: Any) -> Any:
            self.calls[operation] += 1
            if operation in self._refusals:
                raise self._refusals[operation]
            self.fault(operation, "before")
            answer = self._answer(operation, request)
            self.fault(operation, "after")
            return answer

        return call

    def get_paginator(self, operation: str) -> Any:
        """Return a paginator whose answer is one page."""

        def paginate(**request: Any) -> Iterator[Any]:
            request.pop("PaginationConfig", None)
            yield getattr(self, operation)(**request)

        return SimpleNamespace(paginate=paginate)

    def _answer(self, operation: str, request: dict[str, Any]) -> Any:
        action, _, what = operation.partition("_")
        name = what.removesuffix("_jobs").removesuffix("_job")
        if what.endswith(("_job", "_jobs")) and name in KINDS:
            return getattr(self, f"_{action}")(KINDS[name], request)
        return getattr(self, f"_{operation}")(request)

    def _create(self, kind: JobKind, request: dict[str, Any]) -> dict[str, str]:
        if before := self.before_create:
            self.before_create = None
            before()
        name = request[kind.name_field]
        if name in self.jobs:
            message = f"Job name must be unique, and {kind.name} job {name} already exists"
            raise client_error(f"create_{kind.name}_job", "ResourceInUse", message)
        tags = {tag["Key"]: tag["Value"] for tag in request["Tags"]}
        config = {key: value for key, value in request.items() if key != "Tags"}
        self.jobs[name] = job = SimulatedJob(kind, name, config, tags, self.now)
        self.on_create(job)
        return {kind.arn_field: job.arn}

    def _describe(self, kind: JobKind, request: dict[str, Any]) -> dict[str, Any]:
        return self._job(kind, request).described()

    def _stop(self, kind: JobKind, request: dict[str, Any]) -> dict[str, Any]:
        job = self._job(kind, request)
        if not job.is_running:
            message = f"the {kind.name} job is in status {job.status}"
            raise client_error(f"stop_{kind.name}_job", "ValidationException", message)
        job.status = "Stopping"
        return {}

    def _list(self, kind: JobKind, request: dict[str, Any]) -> dict[str, Any]:
        status, part = request.get("StatusEquals"), request.get("NameContains", "")
        found = [
            job
            for job in reversed(self.jobs.values())
            if job.kind is kind and part in job.name and (status or job.status) == job.status
        ]
        keep = (kind.name_field, kind.arn_field, "CreationTime")
        summaries = [{key: job.described()[key] for key in keep} for job in found]
        return {f"{kind.prefix}JobSummaries": summaries}

    def _search(self, request: dict[str, Any]) -> dict[str, Any]:
        wanted = {
            entry["Name"].removeprefix("Tags."): entry["Value"]
            for entry in request["SearchExpression"]["Filters"]
        }
        found = [
            job.described()
            for job in reversed(self.jobs.values())
            if f"{job.kind.prefix}Job" == request["Resource"] and wanted.items() <= job.tags.items()
        ]
        return {"Results": [{request["Resource"]: described} for described in found]}

    def _list_tags(self, request: dict[str, Any]) -> dict[str, Any]:
        tags = self._by_arn(request["ResourceArn"]).tags
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    def _add_tags(self, request: dict[str, Any]) -> dict[str, Any]:
        new = {tag["Key"]: tag["Value"] for tag in request["Tags"]}
        self._by_arn(request["ResourceArn"]).tags.update(new)
        return {}

    def _job(self, kind: JobKind, request: dict[str, Any]) -> SimulatedJob:
        job = self.jobs.get(request[kind.name_field])
        if job is None or job.hidden or job.kind is not kind:
            message = "Requested resource not found."
            raise client_error(f"describe_{kind.name}_job", "ValidationException", message)
        return job

    def _by_arn(self, arn: str) -> SimulatedJob:
        return self.jobs[arn.rpartition("/")[2]]
