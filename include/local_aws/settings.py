"""Where one local AWS keeps its things, and who it says it is."""

import os
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

ACCOUNT = "123456789012"  # moto's own, so that STS and the ARNs agree
REGION = "us-east-1"
LOOPBACK = "127.0.0.1"
PORT = 4566  # where everything but S3 answers unless it is said


@dataclass(frozen=True, repr=False)
class Credentials:
    """The one pair of keys that this server knows; the secret is in no log and no traceback."""

    access_key_id: str
    secret_access_key: str

    def __repr__(self) -> str:
        return f"Credentials({self.access_key_id!r}, ...)"


@dataclass(frozen=True)
class Settings:
    """One local AWS.

    Args:
        root: the folder of all its state.
        port: where everything but S3 answers.
        images: its image registry.
        credentials: the keys that clients sign with.
        keys_given: whether these keys came from the server's environment, not from its folder.
        bind: the IPv4 address to listen on.
        allowed_hosts: the names under which clients elsewhere may call it, the announced first.
        s3_port: where S3 answers on that address, if it is to be a fixed one.
        buckets: what is made at the start unless it is there.
        slots: how many instances of jobs run at once.
        keep_days: how long a log stays after its last line.
        keep_logs: the bytes that all logs may take; beyond it the oldest go.
        memory: the bytes that all jobs may hold together; unless said, what suits the machine.
    """

    root: Path
    port: int
    images: Path
    credentials: Credentials
    keys_given: bool = False
    bind: str = LOOPBACK
    allowed_hosts: tuple[str, ...] = ()
    s3_port: int | None = None
    buckets: tuple[str, ...] = ()
    slots: int = os.cpu_count() or 1
    memory: int | None = None
    keep_days: int = 90
    keep_logs: int = 4 << 30

    @property
    def exposed(self) -> bool:
        """Whether other machines can reach it."""
        return not IPv4Address(self.bind).is_loopback

    @property
    def near_host(self) -> str:
        """The address at which this machine's own programs reach it."""
        return LOOPBACK if self.bind == "0.0.0.0" else self.bind

    @property
    def host(self) -> str:
        """The host that it announces."""
        return self.allowed_hosts[0] if self.allowed_hosts else self.bind

    @property
    def endpoint_url(self) -> str:
        """The address of everything but S3, for programs on this machine."""
        return f"http://{self.near_host}:{self.port}"

    @property
    def announced_url(self) -> str:
        """The address of everything but S3, for clients wherever they are."""
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


def endpoint_variables(endpoint_url: str, s3_endpoint_url: str) -> dict[str, str]:
    """Return the variables that point boto3, and all that is built on it, at this server."""
    return {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ENDPOINT_URL_S3": s3_endpoint_url,
        "AWS_DEFAULT_REGION": REGION,
    }


def program_environment(
    endpoint_url: str, s3_endpoint_url: str, credentials: Credentials
) -> dict[str, str]:
    """Return the variables of a job's or an endpoint's program: the same, with the keys."""
    return {
        **endpoint_variables(endpoint_url, s3_endpoint_url),
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
    }
