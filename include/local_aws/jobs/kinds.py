"""The three kinds of job, whose API calls differ by a word in every name."""

from dataclasses import dataclass

from include.local_aws.settings import arn
from include.local_aws.store import Body


@dataclass(frozen=True)
class JobKind:
    """One kind: `word` is "Training", "Processing" or "Transform"."""

    word: str
    missing: str

    @property
    def store(self) -> str:
        """The kind's name in the store and in ARNs."""
        return f"{self.word.lower()}-job"

    @property
    def name(self) -> str:
        """The field that holds a job's name."""
        return f"{self.word}JobName"

    @property
    def arn(self) -> str:
        """The field of its ARN."""
        return f"{self.word}JobArn"

    @property
    def status(self) -> str:
        """The field of its status."""
        return f"{self.word}JobStatus"

    @property
    def started(self) -> str:
        """The field of the time at which it left the queue, or began to bill."""
        return f"{self.word}StartTime"

    @property
    def ended(self) -> str:
        """The field of the time at which it ended."""
        return f"{self.word}EndTime"

    @property
    def log_group(self) -> str:
        """Where the job's output is logged."""
        return f"/aws/sagemaker/{self.word}Jobs"

    def resources(self, body: Body) -> Body:
        """The part of a job's request that says on which instances it runs, and how many."""
        if self.word == "Processing":
            return dict(body["ProcessingResources"]["ClusterConfig"])
        return dict(body["ResourceConfig" if self.word == "Training" else "TransformResources"])

    def arn_of(self, name: str) -> str:
        """A job's ARN."""
        return arn(f"{self.store}/{name}")


TRAINING = JobKind("Training", "Requested resource not found.")
PROCESSING = JobKind("Processing", "Could not find requested job with name: {name}")
TRANSFORM = JobKind("Transform", "Could not find requested job with name: {name}")
KINDS = (TRAINING, PROCESSING, TRANSFORM)
