"""Deferrable sensors: they hold no slot while SageMaker works, and end with what came of it."""

import time
from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.amazon.aws.hooks.logs import AwsLogsHook
from airflow.providers.amazon.aws.hooks.sagemaker import SageMakerHook
from airflow.providers.amazon.aws.sensors.base_aws import AwsBaseSensor
from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.sdk import BaseOperatorLink
from airflow.sdk.exceptions import AirflowException

from sagemaker_jobs.aws import error_message
from sagemaker_jobs.endpoint import EndpointState, describe_endpoint, endpoint_failure, state_of
from sagemaker_jobs.ensure import EnsuredJob, ensure_job
from sagemaker_jobs.errors import (
    EndpointNotUpdated,
    JobFailed,
    JobStillRunning,
    TrackingInterrupted,
)
from sagemaker_jobs.identity import JobIdentity, clear_number_of, generation_of
from sagemaker_jobs.kinds import Description, JobKind, kind_of
from sagemaker_jobs.links import SageMakerEndpointLink, SageMakerJobLink, console_url
from sagemaker_jobs.log_tail import last_lines
from sagemaker_jobs.outcome import Outcome, failure_of, outcome_of
from sagemaker_jobs.polling import Connection, Pace
from sagemaker_jobs.summary import summary_of
from sagemaker_jobs.triggers import SageMakerEndpointTrigger, SageMakerJobTrigger

if TYPE_CHECKING:
    from airflow.sdk import Context

# What a training program prints per epoch, and what any program prints when it gives up.
TELLING_LINES = r"Epoch\[|^ERROR"

# SageMaker's own limit counts from the start of the program: machines and data take time before.
_PREPARATION = 3600.0
_DEFAULT_JOB_LIMIT = 86400.0
_ENDPOINT_LIMIT = 7200.0


class _Tracker(AwsBaseSensor[SageMakerHook]):
    """What the two sensors share: the connection, the pace, and a link."""

    aws_hook_class = SageMakerHook

    def __init__(
        self,
        *,
        poll_interval: float = 5,
        patience: float = 120,
        timeout: timedelta | float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(timeout=timeout, **kwargs)
        self.poll_interval = poll_interval
        self.patience = patience
        self.longest_wait = None if timeout is None else self.timeout
        self.console_url = ""

    def trigger_parameters(self, wait: float) -> dict[str, Any]:
        """Return the constructor's arguments that every trigger takes."""
        connection = Connection(
            self.aws_conn_id, self.region_name, self.verify, self.botocore_config
        )
        pace = Pace(self.poll_interval, time.time() + wait, self.patience)
        return {"connection": asdict(connection), "pace": asdict(pace)}


class TrackJob(_Tracker):
    """Follows a submitted job to its end, and returns its summary.

    It first makes sure that the job is there, in the submitting task's name: a retry after a
    passing failure so starts the next attempt, and a job that a clear has stopped starts anew.
    While the job runs the task is deferred; the triggerer logs each status change and the telling
    lines of the job's log. A person who clears or marks the task then stops the job.

    Fails for good with `JobFailed`, `JobConflict`, `JobRejected` or `JobStillRunning`; fails until
    the next try with `JobInterrupted` or `TrackingInterrupted`.
    """

    template_fields: Sequence[str] = aws_template_fields("job")
    template_fields_renderers: ClassVar[dict[str, str]] = {"job": "json"}
    operator_extra_links: Collection[BaseOperatorLink] = (SageMakerJobLink(),)

    def __init__(
        self, *, job: dict[str, Any], log_pattern: str | None = TELLING_LINES, **kwargs: Any
    ) -> None:
        """Take what to follow.

        Args:
            job: What the submitting task returned.
            log_pattern: Which lines of the job's log to repeat in the task's; None reads no log.
            **kwargs: ``poll_interval`` in seconds; ``patience``, the seconds for which AWS may be
                away; ``timeout``, by default the job's own limit and an hour for its preparation;
                and what the provider's sensors take.
        """
        super().__init__(**kwargs)
        self.job = job
        self.log_pattern = log_pattern

    def execute(self, context: "Context") -> dict[str, Any]:
        """Return the summary of a job that is done, or defer until it is."""
        return self._track(context)

    def resume(self, context: "Context", event: dict[str, Any]) -> dict[str, Any]:
        """Look at the job again, as the triggerer has seen it end or has given up on it."""
        kind, name = kind_of(self.job["kind"]), event["job_name"]
        self._note_link(kind, name)
        description = kind.describe(self.hook.get_conn(), name)
        if description is None:
            raise TrackingInterrupted(
                f"{kind.name} job {name} is gone; the next try starts it anew"
            )
        outcome = outcome_of(kind, description)
        if outcome is Outcome.COMPLETED:
            return self._completed(kind, description)
        if outcome is Outcome.RUNNING:
            raise _still_running(kind, name, event)
        if event["renewal"] < self._renewals(context):
            self.log.info("%s was begun before this task was cleared: starting anew", name)
            return self._track(context)
        self._print_log(kind, name)
        raise failure_of(kind, description)

    def _track(self, context: "Context") -> dict[str, Any]:
        job = self._ensure(context)
        self._note_link(job.kind, job.name)
        if job.description and job.outcome is Outcome.COMPLETED:
            return self._completed(job.kind, job.description)
        trigger = SageMakerJobTrigger(
            kind=job.kind.name,
            job_name=job.name,
            renewal=job.renewal,
            log_pattern=self.log_pattern,
            **self.trigger_parameters(self._wait()),
        )
        self.defer(trigger=trigger, method_name="resume")

    def _ensure(self, context: "Context") -> EnsuredJob:
        kind = kind_of(self.job["kind"])
        try:
            job = ensure_job(
                self.hook.get_conn(),
                kind,
                self.job["request"],
                JobIdentity(**self.job["identity"]),
                renewals=self._renewals(context),
            )
        except JobFailed as error:
            self._print_log(kind, error.job_name)
            raise
        self.log.info("%s", job)
        return job

    def _completed(self, kind: JobKind, description: Description) -> dict[str, Any]:
        summary = summary_of(kind, description)
        self.log.info("%s is completed, after %s s", summary["job_name"], summary["seconds"])
        return summary

    def _renewals(self, context: "Context") -> int:
        """Count the clears since the job was submitted, where this task was among the cleared."""
        if not generation_of(context):
            return 0
        clears = clear_number_of(context)
        return max(0, clears - int(self.job.get("clear_number", clears)))

    def _wait(self) -> float:
        if self.longest_wait is not None:
            return self.longest_wait
        limits = self.job["request"]["config"].get("StoppingCondition", {})
        seconds = limits.get("MaxWaitTimeInSeconds") or limits.get("MaxRuntimeInSeconds")
        return float(seconds or _DEFAULT_JOB_LIMIT) + _PREPARATION

    def _print_log(self, kind: JobKind, name: str) -> None:
        """Print the end of a failed job's log: it mostly says more than the reason."""
        try:
            hook = AwsLogsHook(
                aws_conn_id=self.aws_conn_id,
                region_name=self.region_name,
                verify=self.verify,
                config=self.botocore_config,
            )
            lines = last_lines(hook.get_conn(), kind.log_group, name)
        except Exception as error:
            self.log.warning("the log of %s cannot be read: %s", name, error_message(error))
            return
        for line in lines:
            self.log.error("%s", line)

    def _note_link(self, kind: JobKind, name: str) -> None:
        self.console_url = console_url(self.hook.get_conn(), f"{kind.console_path}/{name}")


class TrackEndpoint(_Tracker):
    """Waits until an endpoint serves the configuration that it was deployed with.

    Succeeds only when the endpoint is InService on that configuration: one that AWS has rolled back
    is InService too. Returns ``{"endpoint_name", "endpoint_config_name", "arn", "status",
    "operation"}``. Fails for good with `EndpointNotUpdated`, until the next try with
    `TrackingInterrupted`. The endpoint is left as it is when the task is killed.
    """

    template_fields: Sequence[str] = aws_template_fields("endpoint")
    template_fields_renderers: ClassVar[dict[str, str]] = {"endpoint": "json"}
    operator_extra_links: Collection[BaseOperatorLink] = (SageMakerEndpointLink(),)

    def __init__(self, *, endpoint: dict[str, Any], **kwargs: Any) -> None:
        """Take what to wait for.

        Args:
            endpoint: What `DeployEndpoint` returned.
            **kwargs: As for `TrackJob`; ``timeout`` is two hours by default.
        """
        super().__init__(**kwargs)
        self.endpoint = endpoint

    def execute(self, context: "Context") -> dict[str, Any]:
        """Return when the endpoint serves, or defer until it does."""
        description = self._describe()
        state = state_of(description, self.endpoint["endpoint_config_name"])
        if state is EndpointState.CHANGING:
            wait = self.longest_wait or _ENDPOINT_LIMIT
            trigger = SageMakerEndpointTrigger(
                endpoint_name=self.endpoint["endpoint_name"],
                endpoint_config_name=self.endpoint["endpoint_config_name"],
                **self.trigger_parameters(wait),
            )
            self.defer(trigger=trigger, method_name="resume")
        return self._settled(description)

    def resume(self, context: "Context", event: dict[str, Any]) -> dict[str, Any]:
        """Look at the endpoint again, as it has settled or the triggerer has given up on it."""
        description = self._describe()
        if event["status"] == "error":
            raise TrackingInterrupted(f"endpoint {event['endpoint_name']}: {event['message']}")
        return self._settled(description)

    def _describe(self) -> Description:
        client, name = self.hook.get_conn(), self.endpoint["endpoint_name"]
        self.console_url = console_url(client, f"endpoints/{name}")
        description = describe_endpoint(client, name)
        if description is None:
            raise EndpointNotUpdated(f"endpoint {name} does not exist: deploy it again")
        return description

    def _settled(self, description: Description) -> dict[str, Any]:
        wanted = self.endpoint["endpoint_config_name"]
        if state_of(description, wanted) is not EndpointState.SERVING:
            raise endpoint_failure(description, wanted)
        self.log.info("endpoint %s serves %s", description["EndpointName"], wanted)
        return {
            "endpoint_name": description["EndpointName"],
            "endpoint_config_name": wanted,
            "arn": description["EndpointArn"],
            "status": description["EndpointStatus"],
            "operation": self.endpoint.get("operation"),
        }


def _still_running(kind: JobKind, name: str, event: dict[str, Any]) -> AirflowException:
    if event["status"] == "timeout":
        return JobStillRunning(
            f"{kind.name} job {name} still runs and was not stopped, but the longest wait is over: "
            "clear this task to wait again, or stop the job"
        )
    message = event.get("message", "it was said to have ended")
    return TrackingInterrupted(f"{kind.name} job {name} still runs, unwatched: {message}")
