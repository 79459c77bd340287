"""The three kinds of SageMaker jobs, and how their API calls and fields are named."""

from dataclasses import dataclass
from typing import Any

from sagemaker_jobs.aws_errors import Client
from sagemaker_jobs.permanent_errors import describe

Description = dict[str, Any]

RUNNING_STATES = frozenset({"InProgress", "Stopping"})


@dataclass(frozen=True)
class JobKind:
    """One kind of job. SageMaker names calls and fields alike for all of them.

    Attributes:
        name: What the kind is called in XComs: training, processing or transform.
        prefix: How its calls and fields start, as in ``TrainingJobName``.
        log_group: The CloudWatch group that holds its logs, one stream a machine.
        console_path: Where the console shows these jobs.
        log_filter: Which lines of its log are worth repeating, as a regular expression: what a
            training program prints per epoch, whatever a processing program prints, and errors.
    """

    name: str
    prefix: str
    log_group: str
    console_path: str
    log_filter: str

    @property
    def name_field(self) -> str:
        """The request's and the description's field for the job's name."""
        return f"{self.prefix}JobName"

    @property
    def arn_field(self) -> str:
        """The description's field for the job's ARN."""
        return f"{self.prefix}JobArn"

    def status(self, description: Description) -> str:
        """Return a described job's state: InProgress, Completed, Failed, Stopping or Stopped."""
        return str(description[f"{self.prefix}JobStatus"])

    def started(self, description: Description) -> Any:
        """Return when the job's own work began, or None."""
        return description.get(f"{self.prefix}StartTime")

    def ended(self, description: Description) -> Any:
        """Return when the job's own work ended, or None."""
        return description.get(f"{self.prefix}EndTime")

    def describe_call(self, client: Client) -> Any:
        """Return the client's method that describes a job, sync or async as the client is."""
        return getattr(client, f"describe_{self.name}_job")

    def stop_call(self, client: Client) -> Any:
        """Return the client's method that stops a job, sync or async as the client is."""
        return getattr(client, f"stop_{self.name}_job")

    def describe(self, client: Client, job_name: str) -> Description | None:
        """Describe a job, or return None where none has that name.

        Raises:
            PermanentAwsError: AWS does not let it be described.
        """
        call, name = self.describe_call(client), {self.name_field: job_name}
        return describe(f"{self.name} job {job_name}", call, **name)

    def create(self, client: Client, config: dict[str, Any]) -> None:
        """Create a job from a whole boto3 request."""
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
        raise ValueError(f"no kind of SageMaker job is called {name!r}; there are {sorted(KINDS)}")
    return KINDS[name]
