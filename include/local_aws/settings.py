"""Settings of one local AWS: addresses, folders, keys, account and region."""

import os
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

ACCOUNT = "123456789012"  # moto's account, so that STS and the ARNs agree
REGION = "us-east-1"
LOOPBACK = "127.0.0.1"
PORT = 4566  # the default port of all services but S3


@dataclass(frozen=True, repr=False)
class Credentials:
    """The pair of keys that this server accepts; `repr` leaves out the secret."""

    access_key_id: str
    secret_access_key: str

    def __repr__(self) -> str:
        return f"Credentials({self.access_key_id!r}, ...)"


@dataclass(frozen=True)
class Settings:
    """One local AWS.

    Args:
        root: The folder of all state.
        port: The port of all services but S3.
        images: The file of the image registry.
        credentials: The keys that clients sign with.
        keys_given: True if these keys came from the server's environment, not from its folder.
        bind: The IPv4 address to listen on.
        allowed_hosts: The host names that clients on other hosts may use; the first is announced.
        s3_port: The port of S3 on the same address, if it must be a fixed one.
        buckets: Buckets to create at the start if they do not exist.
        slots: The number of instances of jobs that run at once.
        keep_days: The days that a log is kept after its last line.
        keep_logs: The bytes that all logs may take; beyond that the oldest are deleted.
        memory: The bytes of memory that all jobs together may hold; None for the default, which
            depends on this computer's memory.
        airflow_url: The URL of the Airflow whose tasks submit jobs, for links on the status page;
            empty for no links.
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
    airflow_url: str = ""

    @property
    def exposed(self) -> bool:
        """Return whether other hosts can reach the server."""
        return not IPv4Address(self.bind).is_loopback

    @property
    def near_host(self) -> str:
        """The IP address for programs on this host."""
        return LOOPBACK if self.bind == "0.0.0.0" else self.bind

    @property
    def host(self) -> str:
        """The host name or address that the server announces."""
        return self.allowed_hosts[0] if self.allowed_hosts else self.bind

    @property
    def endpoint_url(self) -> str:
        """The URL of all services but S3, for programs on this host."""
        return f"http://{self.near_host}:{self.port}"

    @property
    def announced_url(self) -> str:
        """The URL of all services but S3, for all clients."""
        return f"http://{self.host}:{self.port}"

    @property
    def work(self) -> Path:
        """Directories of running jobs and endpoints, deleted at each start."""
        return self.root / "work"

    @property
    def logs(self) -> Path:
        """The logs: one folder for each log group, one file for each stream."""
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
    """Return the ARN of a SageMaker resource such as `training-job/<name>`."""
    return f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:{resource}"


def endpoint_variables(endpoint_url: str, s3_endpoint_url: str) -> dict[str, str]:
    """Return the environment variables that point boto3 to this server."""
    return {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ENDPOINT_URL_S3": s3_endpoint_url,
        "AWS_DEFAULT_REGION": REGION,
    }


def program_environment(
    endpoint_url: str, s3_endpoint_url: str, credentials: Credentials
) -> dict[str, str]:
    """Return `endpoint_variables` and the keys, for the program of a job or an endpoint."""
    return {
        **endpoint_variables(endpoint_url, s3_endpoint_url),
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
    }
