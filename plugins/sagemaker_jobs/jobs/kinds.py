"""The three kinds of SageMaker jobs, with the names of their API calls and fields."""

from dataclasses import dataclass
from typing import Any

from sagemaker_jobs.aws_errors import Client
from sagemaker_jobs.permanent_errors import describe

Description = dict[str, Any]

RUNNING_STATES = frozenset({"InProgress", "Stopping"})


@dataclass(frozen=True)
class JobKind:
    """A kind of job. The names of calls and fields follow the same rule for all kinds.

    Attributes:
        name: The name in XComs: training, processing or transform.
        prefix: The prefix of its fields, as ``Training`` in ``TrainingJobName``.
        log_group: The CloudWatch log group, with one log stream for each instance.
        console_path: The part of the console's URL before the job's name.
        log_filter: A regular expression for the lines of a job's log that the task's log repeats:
            the epochs of a training, the output of a processing job, and errors.
    """

    name: str
    prefix: str
    log_group: str
    console_path: str
    log_filter: str

    @property
    def name_field(self) -> str:
        """The field of requests and descriptions with the job's name."""
        return f"{self.prefix}JobName"

    @property
    def arn_field(self) -> str:
        """The field of descriptions with the job's ARN."""
        return f"{self.prefix}JobArn"

    def status(self, description: Description) -> str:
        """Return a job's status: InProgress, Completed, Failed, Stopping or Stopped."""
        return str(description[f"{self.prefix}JobStatus"])

    def started(self, description: Description) -> Any:
        """Return the time at which the job's container started, or None."""
        return description.get(f"{self.prefix}StartTime")

    def ended(self, description: Description) -> Any:
        """Return the time at which the job's container ended, or None."""
        return description.get(f"{self.prefix}EndTime")

    def describe_call(self, client: Client) -> Any:
        """Return the method of a sync or async client that describes a job."""
        return getattr(client, f"describe_{self.name}_job")

    def stop_call(self, client: Client) -> Any:
        """Return the method of a sync or async client that stops a job."""
        return getattr(client, f"stop_{self.name}_job")

    def describe(self, client: Client, job_name: str) -> Description | None:
        """Return the description of a job, or None if it does not exist.

        Raises:
            PermanentAwsError: AWS does not allow to describe it.
        """
        call, name = self.describe_call(client), {self.name_field: job_name}
        return describe(f"{self.name} job {job_name}", call, **name)

    def create(self, client: Client, config: dict[str, Any]) -> None:
        """Create a job from a complete boto3 request."""
        getattr(client, f"create_{self.name}_job")(**config)


_TRAINING = JobKind(
    name="training",
    prefix="Training",
    log_group="/aws/sagemaker/TrainingJobs",
    console_path="jobs",
    log_filter=r"Epoch\[\d+\] (?!Batch)|^ERROR",
)
_PROCESSING = JobKind(
    name="processing",
    prefix="Processing",
    log_group="/aws/sagemaker/ProcessingJobs",
    console_path="processing-jobs",
    log_filter=r"\S",
)
_TRANSFORM = JobKind(
    name="transform",
    prefix="Transform",
    log_group="/aws/sagemaker/TransformJobs",
    console_path="transform-jobs",
    log_filter=r"^ERROR",
)

KINDS = {kind.name: kind for kind in (_TRAINING, _PROCESSING, _TRANSFORM)}


def get_kind(name: str) -> JobKind:
    """Return the kind of that name.

    Raises:
        ValueError: There is no such kind.
    """
    if name not in KINDS:
        raise ValueError(f"{name!r} is not a kind of SageMaker job; the kinds are {sorted(KINDS)}")
    return KINDS[name]
