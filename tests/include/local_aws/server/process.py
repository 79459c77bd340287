"""The server's process, and boto3 clients for it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from include.local_aws.access.client_files import STATUS_URL
from include.local_aws.access.keys import read_keys
from include.local_aws.processes.ports import free_port
from include.local_aws.settings import Credentials
from tests.include.local_aws.answers import check_answers
from tests.include.local_aws.server.images import PROJECT, write_images


class ServerProcess:
    """`python -m include.local_aws` with its state in `root`."""

    def __init__(self, root: Path, jobs: int = 4, *flags: str) -> None:
        self.root = root
        self.port = free_port()
        self.jobs = jobs
        self.flags = flags
        self.announced: dict[str, str] = {}
        self.environment: dict[str, str] = {}
        self._process: subprocess.Popen[str] | None = None
        root.mkdir(parents=True, exist_ok=True)
        self.images = root / "images.json"
        write_images(self.images)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def command(self) -> list[str]:
        return [
            *(sys.executable, "-m", "include.local_aws", "--root", str(self.root)),
            *("--port", str(self.port), "--images", str(self.images), "--json"),
            *("--jobs", str(self.jobs)),
            *self.flags,
        ]

    def start(self) -> None:
        self.launch()
        self.await_ready()

    def launch(self) -> None:
        """Start the process without the AWS variables of the test suite."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        self._process = subprocess.Popen(
            self.command(), cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True
        )

    def await_ready(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        event = json.loads(self._process.stdout.readline())
        self.announced = event["environment"]
        # The test suite's AWS variables would override the announced files.
        self.environment = {
            **self.announced,
            "AWS_ACCESS_KEY_ID": self.credentials.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.credentials.secret_access_key,
        }
        self.sagemaker = self.client("sagemaker")
        self.runtime = self.client("sagemaker-runtime")
        self.logs = self.client("logs")
        self.s3 = self.client("s3")

    def stop(self) -> int:
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(60)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait(60)

    @property
    def url(self) -> str:
        """The URL of all services but S3."""
        return self.environment["AWS_ENDPOINT_URL"]

    @property
    def credentials(self) -> Credentials:
        """The keys that the server has created."""
        return read_keys(Path(self.announced["AWS_SHARED_CREDENTIALS_FILE"]))

    @property
    def status_url(self) -> str:
        """The URL of the status page, with its key."""
        return (self.root / STATUS_URL).read_text().strip()

    def client(self, service: str, url: str = "") -> Any:
        s3 = self.environment["AWS_ENDPOINT_URL_S3"]
        client = boto3.session.Session().client(
            service,
            endpoint_url=url or (s3 if service == "s3" else self.url),
            region_name=self.environment["AWS_DEFAULT_REGION"],
            aws_access_key_id=self.credentials.access_key_id,
            aws_secret_access_key=self.credentials.secret_access_key,
            config=Config(retries={"total_max_attempts": 1}),
        )
        check_answers(client)
        return client
