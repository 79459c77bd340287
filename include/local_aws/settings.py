"""Where one local AWS keeps its things, and who it says it is."""

import os
from dataclasses import dataclass
from pathlib import Path

ACCOUNT = "123456789012"  # moto's own, so that STS and the ARNs agree
REGION = "us-east-1"
ACCESS_KEY_ID = "local"
SECRET_ACCESS_KEY = "local-secret"  # a fixed word, not a secret: the server listens on loopback


@dataclass(frozen=True)
class Settings:
    """One local AWS: its folder, its address, its image registry, how many jobs run at once."""

    root: Path
    port: int
    images: Path
    host: str = "127.0.0.1"
    slots: int = os.cpu_count() or 1

    @property
    def endpoint_url(self) -> str:
        """The address of everything but S3."""
        return f"http://{self.host}:{self.port}"

    @property
    def work(self) -> Path:
        """Directories of running jobs and endpoints; nothing in it outlives a restart."""
        return self.root / "work"

    @property
    def logs(self) -> Path:
        """One folder a log group, one file a stream."""
        return self.root / "logs"

    @property
    def storage(self) -> Path:
        """SeaweedFS's data, ports and log."""
        return self.root / "s3"

    @property
    def database(self) -> Path:
        """The state of every SageMaker resource."""
        return self.root / "state.sqlite"


def arn(resource: str) -> str:
    """The ARN of a SageMaker resource, as `training-job/<name>`, of this account and region."""
    return f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:{resource}"


def client_environment(endpoint_url: str, s3_endpoint_url: str) -> dict[str, str]:
    """The environment variables that point boto3, and all that is built on it, at this server."""
    return {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ENDPOINT_URL_S3": s3_endpoint_url,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "AWS_DEFAULT_REGION": REGION,
    }
