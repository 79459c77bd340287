"""The local AWS: its S3 against moto's, what starting a job costs, and what it holds in memory."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials as BotocoreCredentials

from benchmarks.pairs import PAIRS, Ratio, compare
from include.local_aws.access.keys import read_keys
from include.local_aws.processes.ports import free_port
from include.local_aws.settings import Credentials

OBJECTS = 1000
OBJECT_BYTES = 40_000
CLIENTS = 8
LARGE_FILES, LARGE_FILE_BYTES = 8, 256 << 20  # 2 GB in files that all move at once
BUCKET = "benchmark"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/benchmark:1"
ROLE = "arn:aws:iam::123456789012:role/benchmark"
FIRST_LINE = "import time; print('first line', flush=True)"
COPY = "cp $SAGEMAKER_BASE_DIR/processing/input/source/* $SAGEMAKER_BASE_DIR/processing/output"
PATIENCE = 1800.0  # seconds


@dataclass
class Started:
    """A running server: its process, what its clients are told, and their keys."""

    pid: int
    environment: dict[str, str]
    credentials: Credentials

    def client(self, service: str) -> Any:
        """A client of it."""
        url = self.environment.get(f"AWS_ENDPOINT_URL_{service.upper()}")
        return boto3.session.Session().client(
            service,
            endpoint_url=url or self.environment["AWS_ENDPOINT_URL"],
            region_name="us-east-1",
            aws_access_key_id=self.credentials.access_key_id,
            aws_secret_access_key=self.credentials.secret_access_key,
            config=Config(max_pool_connections=CLIENTS),
        )

    def signed(self, path: str, body: bytes | str, headers: dict[str, str]) -> dict[str, str]:
        """The headers of a signed request to SageMaker, good for a quarter of an hour."""
        url = self.environment["AWS_ENDPOINT_URL"] + path
        request = AWSRequest(method="POST", url=url, headers=headers, data=body)
        keys = self.credentials
        signer = BotocoreCredentials(keys.access_key_id, keys.secret_access_key)
        SigV4Auth(signer, "sagemaker", "us-east-1").add_auth(request)
        return dict(request.headers.items())


def s3(folder: Path) -> Ratio:
    """1,000 small objects put and read by 8 threads: seconds.

    By presigned URLs that were made before: boto3 would take longer than the server that it asks.
    """
    content = os.urandom(OBJECT_BYTES)
    with local_aws(folder, ["true"]) as ours, _moto() as peer:
        return compare(
            partial(_put_and_get, _presigned(ours.client("s3")), content),
            partial(_put_and_get, _presigned(peer.client("s3")), content),
            f"moto's S3 server, {OBJECTS} objects of {OBJECT_BYTES // 1000} kB put and read, "
            f"{CLIENTS} threads",
        )


def job_start(folder: Path) -> Ratio:
    """From CreateTrainingJob to the first line that the program prints: seconds."""
    program = [sys.executable, "-c", FIRST_LINE]
    with local_aws(folder, program) as aws:
        aws.client("s3").put_object(Bucket=BUCKET, Key="data/one", Body=b"1")
        pairs = [(_until_first_line(aws), _own_start(program)) for _ in range(1 + PAIRS)][1:]
    ours, peer = (statistics.median(side) for side in zip(*pairs, strict=True))
    return Ratio(
        ours=round(ours, 3), peer=round(peer, 3), ratio=round(peer / ours, 2), unit="seconds",
        peer_is="the same program started by itself",
    )  # fmt: skip


def memory(folder: Path) -> Ratio:
    """The most that the server process holds while 2 GB pass through a job, in and out."""
    with local_aws(folder, ["/bin/sh", "-c", COPY]) as aws:
        s3_client = aws.client("s3")
        part = folder / "part"
        part.write_bytes(os.urandom(1 << 20) * (LARGE_FILE_BYTES >> 20))
        for number in range(LARGE_FILES):
            s3_client.upload_file(str(part), BUCKET, f"data/{number}")
        _copy_all(aws)
        ours, peer = _most_megabytes(aws.pid), _most_megabytes(_seaweedfs(folder))
    return Ratio(
        ours=round(ours, 1), peer=round(peer, 1), ratio=round(peer / ours, 2), unit="MB",
        peer_is=f"SeaweedFS beside it, whose limit is 512; {LARGE_FILES} files of "
        f"{LARGE_FILE_BYTES >> 20} MB, through S3 and a job",
    )  # fmt: skip


ALWAYS: dict[str, Callable[[Path], Ratio]] = {
    "local_aws_s3": s3,
    "local_aws_job_start": job_start,
    "local_aws_memory": memory,
}


def _presigned(client: Any) -> list[tuple[str, str]]:
    """For each object the URLs to put it and to get it."""
    return [
        tuple(
            client.generate_presigned_url(call, {"Bucket": BUCKET, "Key": f"small/{number}"})
            for call in ("put_object", "get_object")
        )
        for number in range(OBJECTS)
    ]


def _put_and_get(urls: list[tuple[str, str]], content: bytes) -> None:
    def some(mine: list[tuple[str, str]]) -> None:
        connection = http.client.HTTPConnection(urlsplit(mine[0][0]).netloc)
        with contextlib.closing(connection):
            for put, get in mine:
                _ask(connection, "PUT", put, content)
                assert _ask(connection, "GET", get) == content

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(some, [urls[first::CLIENTS] for first in range(CLIENTS)]))


def _ask(
    connection: http.client.HTTPConnection, method: str, url: str, body: bytes | None = None
) -> bytes:
    parts = urlsplit(url)
    connection.request(method, f"{parts.path}?{parts.query}", body)
    answer = connection.getresponse()
    content = answer.read()
    assert answer.status == 200, content
    return content


def _until_first_line(aws: Started) -> float:
    """By the time that stands beside the line in the log."""
    sagemaker, name = aws.client("sagemaker"), f"start-{time.time_ns()}"
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/data/"}
    request = {
        "TrainingJobName": name,
        "RoleArn": ROLE,
        "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        "InputDataConfig": [{"ChannelName": "train", "DataSource": {"S3DataSource": source}}],
        "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/models"},
        "ResourceConfig": _cluster(),
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
    }
    created = time.time()
    sagemaker.create_training_job(**request)
    _await_end(lambda: sagemaker.describe_training_job(TrainingJobName=name)["TrainingJobStatus"])
    (event,) = aws.client("logs").filter_log_events(
        logGroupName="/aws/sagemaker/TrainingJobs", logStreamNamePrefix=f"{name}/"
    )["events"]
    return float(event["timestamp"]) / 1000 - created


def _own_start(program: list[str]) -> float:
    started = time.time()
    with subprocess.Popen(program, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        return time.time() - started


def _copy_all(aws: Started) -> None:
    """A job that reads all of `data/` and writes it to `copy/`."""
    sagemaker, name, below = aws.client("sagemaker"), "copy", "/opt/ml/processing"
    source = {"S3Uri": f"s3://{BUCKET}/data/", "LocalPath": f"{below}/input/source"}
    target = {"S3Uri": f"s3://{BUCKET}/copy", "LocalPath": f"{below}/output"}
    sagemaker.create_processing_job(
        ProcessingJobName=name,
        RoleArn=ROLE,
        AppSpecification={"ImageUri": IMAGE},
        ProcessingInputs=[
            {
                "InputName": "source",
                "S3Input": {**source, "S3DataType": "S3Prefix", "S3InputMode": "File"},
            }
        ],
        ProcessingOutputConfig={
            "Outputs": [{"OutputName": "copy", "S3Output": {**target, "S3UploadMode": "EndOfJob"}}]
        },
        ProcessingResources={"ClusterConfig": _cluster()},
    )
    _await_end(
        lambda: sagemaker.describe_processing_job(ProcessingJobName=name)["ProcessingJobStatus"]
    )


def _await_end(status: Callable[[], str]) -> None:
    deadline = time.monotonic() + PATIENCE
    while (now := status()) == "InProgress" and time.monotonic() < deadline:
        time.sleep(0.05)
    assert now == "Completed", now


def _cluster() -> dict[str, Any]:
    return {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 10}


def _most_megabytes(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _seaweedfs(folder: Path) -> int:
    """The process that serves this folder's objects: not the reaper, which names it, too."""
    wanted = f"-dir={folder}/aws/s3/data"
    for entry in Path("/proc").glob("[0-9]*"):
        words = (entry / "cmdline").read_text().split("\0")
        if wanted in words and words[0].endswith("weed"):
            return int(entry.name)
    raise LookupError(wanted)


@contextmanager
def local_aws(folder: Path, entrypoint: list[str]) -> Iterator[Started]:
    """The server with one image and a bucket."""
    images = folder / "images.json"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    images.write_text(json.dumps({IMAGE: {"entrypoint": entrypoint}}))
    command = [
        *(sys.executable, "-m", "include.local_aws", "--root", str(folder / "aws"), "--json"),
        *("--port", str(free_port()), "--images", str(images), "--bucket", BUCKET),
    ]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            told = json.loads(process.stdout.readline())["environment"]
            keys = read_keys(Path(told["AWS_SHARED_CREDENTIALS_FILE"]))
            yield Started(process.pid, told, keys)
        finally:
            process.terminate()


@contextmanager
def _moto() -> Iterator[Started]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            moto = Started(process.pid, {"AWS_ENDPOINT_URL": url}, Credentials("moto", "moto"))
            _make_bucket(moto.client("s3"))
            yield moto
        finally:
            process.terminate()


def _make_bucket(client: Any) -> None:
    """Make the bucket as soon as the server answers."""
    deadline = time.monotonic() + 60
    while True:
        try:
            client.create_bucket(Bucket=BUCKET)
            return
        except client.exceptions.ClientError:
            raise
        except Exception:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
