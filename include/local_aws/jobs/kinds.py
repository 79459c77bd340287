"""The three kinds of job, whose API fields differ by one word."""

from dataclasses import dataclass

from include.local_aws.settings import arn
from include.local_aws.store import Body


@dataclass(frozen=True)
class JobKind:
    """One kind of job.

    Attributes:
        word: "Training", "Processing" or "Transform".
        missing: AWS's message for a job that does not exist, with the field `name`.
    """

    word: str
    missing: str

    @property
    def store(self) -> str:
        """The name of this kind in the store and in ARNs."""
        return f"{self.word.lower()}-job"

    @property
    def name(self) -> str:
        """The field of the job's name."""
        return f"{self.word}JobName"

    @property
    def arn(self) -> str:
        """The field of the job's ARN."""
        return f"{self.word}JobArn"

    @property
    def status(self) -> str:
        """The field of the job's status."""
        return f"{self.word}JobStatus"

    @property
    def started(self) -> str:
        """The field of the time at which the job left the queue."""
        return f"{self.word}StartTime"

    @property
    def ended(self) -> str:
        """The field of the time at which the job ended."""
        return f"{self.word}EndTime"

    @property
    def log_group(self) -> str:
        """The log group of the job's output."""
        return f"/aws/sagemaker/{self.word}Jobs"

    def resources(self, body: Body) -> Body:
        """Return the part of a job's request with the type and number of its instances."""
        if self.word == "Processing":
            return dict(body["ProcessingResources"]["ClusterConfig"])
        return dict(body["ResourceConfig" if self.word == "Training" else "TransformResources"])

    def arn_of(self, name: str) -> str:
        """Return the ARN of a job."""
        return arn(f"{self.store}/{name}")


TRAINING = JobKind("Training", "Requested resource not found.")
PROCESSING = JobKind("Processing", "Could not find requested job with name: {name}")
TRANSFORM = JobKind("Transform", "Could not find requested job with name: {name}")
KINDS = (TRAINING, PROCESSING, TRANSFORM)
