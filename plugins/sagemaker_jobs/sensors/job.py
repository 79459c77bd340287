"""A deferrable sensor that follows a job to its end and returns the job's summary."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.sdk import BaseOperatorLink
from airflow.sdk.exceptions import AirflowException

from sagemaker_jobs.errors import (
    JobFailed,
    JobInterrupted,
    JobStillRunning,
    TrackingInterrupted,
    WorkOfOtherRun,
)
from sagemaker_jobs.jobs.durations import format_duration
from sagemaker_jobs.jobs.ensure import EnsuredJob
from sagemaker_jobs.jobs.identity import JobIdentity, clear_number_of, generation_of
from sagemaker_jobs.jobs.kinds import Description, JobKind, get_kind
from sagemaker_jobs.jobs.log_tail import last_lines
from sagemaker_jobs.jobs.outcome import Outcome, failure_of, outcome_of
from sagemaker_jobs.jobs.progress import STALL_AFTER
from sagemaker_jobs.jobs.shared_work import SKIP_REASON, ensure_task_job
from sagemaker_jobs.jobs.summary import summary_of
from sagemaker_jobs.lineage.facts import FactsFunction
from sagemaker_jobs.links import JOB_LINKS, job_links
from sagemaker_jobs.metrics import count
from sagemaker_jobs.sensors.base import BaseSageMakerSensor, tracking_error
from sagemaker_jobs.triggers.job import SageMakerJobTrigger

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage
    from airflow.sdk import Context

# In seconds. SageMaker's own limit, a day by default, counts from the start of the container.
# Instances and data need time before that.
_DEFAULT_JOB_LIMIT = 86400.0
_PREPARATION_TIME = 3600.0

SUMMARY = "summary"
"""The XCom with the summary of a job that failed or was stopped, as the task returns none."""

CostFunction = Callable[[Mapping[str, Any]], float | None]


class SageMakerJobSensor(BaseSageMakerSensor):
    """Follows a submitted job to its end, and returns its summary.

    The sensor first ensures that the job exists, in the submitting task's name: a retry after a
    retryable failure starts the next attempt, and a clear starts a stopped job again. While the job
    runs, the task is deferred. The triggerer logs each status change and the selected lines of the
    job's log. A user who clears or marks the task stops the job.

    The summary is `summary_of` and ``cost_usd``. The summary of a job that failed or was stopped is
    in the XCom ``summary``.

    Is skipped by `WorkOfOtherRun`, if another run has taken over a shared job meanwhile.

    Fails permanently with `JobFailed`, `JobConflict`, `JobRequestError`, `PermanentAwsError` or
    `JobStillRunning`, and until the next try with `JobInterrupted` or `TrackingInterrupted`.
    """

    template_fields: Sequence[str] = aws_template_fields("job")
    template_fields_renderers: ClassVar[dict[str, str]] = {"job": "json"}
    operator_extra_links: Collection[BaseOperatorLink] = JOB_LINKS

    def __init__(
        self,
        *,
        job: dict[str, Any],
        log_pattern: str | None = None,
        stall_after: timedelta | float = STALL_AFTER,
        cost_usd: CostFunction | None = None,
        lineage_facts: FactsFunction | None = None,
        **kwargs: Any,
    ) -> None:
        """Create the sensor.

        Args:
            job: The result of the submitting task; templated.
            log_pattern: A regular expression for the lines of the job's log that the task's log
                repeats. By default errors, the output of processing jobs, and one line for each
                epoch of a training.
            stall_after: The time without a new status and a new log line after which the task logs
                a warning, in seconds or as a timedelta. The job is not stopped.
            cost_usd: Returns the cost of a job in US dollars, given its summary, or None if the
                cost is unknown; called in the task when the job has ended.
            lineage_facts: Returns what OpenLineage gets to know of a completed job's datasets
                besides their URIs, given the job's summary and its ``inputs``, a list of S3 URIs.
            **kwargs: ``poll_interval`` in seconds; ``outage_timeout``, the seconds for which AWS
                may not answer; ``timeout``, by default the job's own limit and an hour for its
                preparation; and the arguments of the provider's sensors.
        """
        super().__init__(**kwargs)
        self.job = job
        self.log_pattern = log_pattern
        self.cost_usd = cost_usd
        self.lineage_facts = lineage_facts
        self.completed: tuple[Description, dict[str, Any]] | None = None
        self.stall_after = (
            stall_after.total_seconds() if isinstance(stall_after, timedelta) else stall_after
        )

    def execute(self, context: "Context") -> dict[str, Any]:
        """Return the summary of a completed job, or defer until the job has ended."""
        return self._track(context)

    def resume(self, context: "Context", event: dict[str, Any]) -> dict[str, Any]:
        """Describe the job again after the trigger has fired."""
        kind, name = get_kind(self.job["kind"]), event["job_name"]
        self._set_links(kind, name)
        description = kind.describe(self.hook.get_conn(), name)
        if description is None:
            raise TrackingInterrupted(
                f"{kind.name} job {name} no longer exists: the next try starts a new job"
            )
        outcome = outcome_of(kind, description)
        if outcome is Outcome.COMPLETED:
            return self._completed(kind, description)
        if outcome is Outcome.RUNNING:
            raise _still_running(kind, name, event)
        if event["renewal"] < self._renewals(context):
            self.log.info("%s was started before this task was cleared: starting a new job", name)
            return self._track(context)
        error = failure_of(kind, description)
        self._report_failure(context, kind, error)
        raise error

    def _track(self, context: "Context") -> dict[str, Any]:
        job = self._ensure(context)
        self._set_links(job.kind, job.name)
        if job.description and job.outcome is Outcome.COMPLETED:
            return self._completed(job.kind, job.description)
        trigger = SageMakerJobTrigger(
            kind=job.kind.name,
            job_name=job.name,
            renewal=job.renewal,
            log_pattern=self.log_pattern or job.kind.log_filter,
            stall_after=self.stall_after,
            **self.trigger_parameters(self._wait_limit()),
        )
        self.defer(trigger=trigger, method_name="resume")

    def _ensure(self, context: "Context") -> EnsuredJob:
        kind = get_kind(self.job["kind"])
        try:
            job = ensure_task_job(
                self.hook.get_conn(),
                kind,
                self.job["request"],
                JobIdentity(**self.job["identity"]),
                renewals=self._renewals(context),
                sensor_task_id=self.task_id,
                since=self.job.get("attempt"),
            )
        except WorkOfOtherRun as skip:
            context["ti"].xcom_push(key=SKIP_REASON, value=str(skip))
            raise
        except JobFailed as error:
            self._report_failure(context, kind, error)
            raise
        self.log.info("%s", job)
        return job

    def _completed(self, kind: JobKind, description: Description) -> dict[str, Any]:
        summary = self._summary(kind, description)
        name, seconds = summary["job_name"], summary["seconds"]
        self._set_links(kind, name, output=next(iter(summary["outputs"].values()), ""))
        after = "" if seconds is None else f" after {format_duration(seconds)}"
        self.log.info("%s job %s completed%s", kind.name, name, after)
        if summary["spot_saving"] is not None:
            self.log.info("spot instances saved %.0f %%", 100 * summary["spot_saving"])
        self.completed = (description, summary)
        return summary

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> "OperatorLineage[Any, Any]":
        """Return the datasets that the job read and wrote, with their figures, for OpenLineage.

        Airflow calls this after the task has ended in the same process, also after a failure.
        """
        from sagemaker_jobs.lineage.jobs import job_lineage, request_lineage

        if self.completed is None:
            return request_lineage(self.job["request"]["config"])
        return job_lineage(*self.completed, self.lineage_facts, self.hook.get_conn())

    def _report_failure(
        self, context: "Context", kind: JobKind, error: JobFailed | JobInterrupted
    ) -> None:
        self._log_last_lines(kind, error.job_name)
        context["ti"].xcom_push(key=SUMMARY, value=self._summary(kind, dict(error.description)))

    def _summary(self, kind: JobKind, description: Description) -> dict[str, Any]:
        summary = summary_of(kind, description)
        if billed := summary["billable_seconds"]:
            tags = {"dag_id": self.dag_id, "kind": kind.name, "status": summary["status"]}
            count("sagemaker_jobs.billed_seconds", billed, tags)
        return {**summary, "cost_usd": self._cost(summary)}

    def _cost(self, summary: Mapping[str, Any]) -> float | None:
        if self.cost_usd is None:
            return None
        try:
            return self.cost_usd(summary)
        except Exception as error:  # An unknown cost must not fail the task.
            self.log.warning("the cost of %s is not known: %s", summary["job_name"], error)
            return None

    def _renewals(self, context: "Context") -> int:
        """Return the number of clears of this task since the job was submitted."""
        if not generation_of(context):
            return 0
        clears = clear_number_of(context)
        return max(0, clears - int(self.job.get("clear_number", clears)))

    def _wait_limit(self) -> float:
        if self.wait_limit is not None:
            return self.wait_limit
        limits = self.job["request"]["config"].get("StoppingCondition", {})
        seconds = limits.get("MaxWaitTimeInSeconds") or limits.get("MaxRuntimeInSeconds")
        return float(seconds or _DEFAULT_JOB_LIMIT) + _PREPARATION_TIME

    def _log_last_lines(self, kind: JobKind, name: str) -> None:
        self.log_end(name, lambda client: last_lines(client, kind.log_group, name))

    def _set_links(self, kind: JobKind, name: str, output: str = "") -> None:
        self.links = job_links(self.hook.get_conn(), kind, name, output)


def _still_running(kind: JobKind, name: str, event: dict[str, Any]) -> AirflowException:
    if event["status"] == "timeout":
        return JobStillRunning(
            f"{kind.name} job {name} still runs and was not stopped, but the timeout of this task "
            "has passed: clear this task to wait again, or stop the job"
        )
    return tracking_error(f"{kind.name} job {name} still runs", event)
