"""The local AWS: S3 throughput compared with moto, delay of a job's start, peak memory."""

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
TIMEOUT_SECONDS = 1800.0  # seconds


@dataclass
class RunningServer:
    """A running server: its process, the environment variables of clients, and their keys."""

    pid: int
    environment: dict[str, str]
    credentials: Credentials

    def client(self, service: str) -> Any:
        """Return a boto3 client for the server."""
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
        """Return the headers of a signed request to SageMaker, which are valid for 15 minutes."""
        url = self.environment["AWS_ENDPOINT_URL"] + path
        request = AWSRequest(method="POST", url=url, headers=headers, data=body)
        keys = self.credentials
        signer = BotocoreCredentials(keys.access_key_id, keys.secret_access_key)
        SigV4Auth(signer, "sagemaker", "us-east-1").add_auth(request)
        return dict(request.headers.items())


def s3(folder: Path) -> Ratio:
    """Put and get 1,000 small objects in 8 threads.

    The URLs are presigned in advance, since boto3 is slower than the server.
    """
    content = os.urandom(OBJECT_BYTES)
    with local_aws(folder, ["true"]) as project, _moto() as peer:
        return compare(
            partial(_put_and_get, _presigned(project.client("s3")), content),
            partial(_put_and_get, _presigned(peer.client("s3")), content),
            f"moto's S3 server, {OBJECTS} objects of {OBJECT_BYTES // 1000} kB put and read, "
            f"{CLIENTS} threads",
        )


def job_start(folder: Path) -> Ratio:
    """Return the seconds from CreateTrainingJob to the first log line of the program."""
    program = [sys.executable, "-c", FIRST_LINE]
    with local_aws(folder, program) as aws:
        aws.client("s3").put_object(Bucket=BUCKET, Key="data/one", Body=b"1")
        pairs = [(_job_start_seconds(aws), _start_seconds(program)) for _ in range(1 + PAIRS)][1:]
    job, direct = (statistics.median(times) for times in zip(*pairs, strict=True))
    return Ratio(
        ours=round(job, 3), peer=round(direct, 3), ratio=round(direct / job, 2), unit="seconds",
        peer_is="the same program started directly",
    )  # fmt: skip


def memory(folder: Path) -> Ratio:
    """Return the server's peak memory while 2 GB pass through a job."""
    with local_aws(folder, ["/bin/sh", "-c", COPY]) as aws:
        s3_client = aws.client("s3")
        part = folder / "part"
        part.write_bytes(os.urandom(1 << 20) * (LARGE_FILE_BYTES >> 20))
        for number in range(LARGE_FILES):
            s3_client.upload_file(str(part), BUCKET, f"data/{number}")
        _copy_all(aws)
        server, seaweedfs = _peak_megabytes(aws.pid), _peak_megabytes(_seaweedfs_pid(folder))
    return Ratio(
        ours=round(server, 1), peer=round(seaweedfs, 1), ratio=round(seaweedfs / server, 2),
        unit="MB",
        peer_is=f"its SeaweedFS process, whose limit is 512; {LARGE_FILES} files of "
        f"{LARGE_FILE_BYTES >> 20} MB, through S3 and a job",
    )  # fmt: skip


BENCHMARKS: dict[str, Callable[[Path], Ratio]] = {
    "local_aws_s3": s3,
    "local_aws_job_start": job_start,
    "local_aws_memory": memory,
}


def _presigned(client: Any) -> list[tuple[str, str]]:
    """Return the URLs to put and to get each object."""
    return [
        tuple(
            client.generate_presigned_url(call, {"Bucket": BUCKET, "Key": f"small/{number}"})
            for call in ("put_object", "get_object")
        )
        for number in range(OBJECTS)
    ]


def _put_and_get(urls: list[tuple[str, str]], content: bytes) -> None:
    def put_and_get(share: list[tuple[str, str]]) -> None:
        connection = http.client.HTTPConnection(urlsplit(share[0][0]).netloc)
        with contextlib.closing(connection):
            for put, get in share:
                _request(connection, "PUT", put, content)
                assert _request(connection, "GET", get) == content

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(put_and_get, [urls[first::CLIENTS] for first in range(CLIENTS)]))


def _request(
    connection: http.client.HTTPConnection, method: str, url: str, body: bytes | None = None
) -> bytes:
    parts = urlsplit(url)
    connection.request(method, f"{parts.path}?{parts.query}", body)
    response = connection.getresponse()
    content = response.read()
    assert response.status == 200, content
    return content


def _job_start_seconds(aws: RunningServer) -> float:
    """Return the seconds until the first log line, by the log's timestamp."""
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
    _wait(lambda: sagemaker.describe_training_job(TrainingJobName=name)["TrainingJobStatus"])
    (event,) = aws.client("logs").filter_log_events(
        logGroupName="/aws/sagemaker/TrainingJobs", logStreamNamePrefix=f"{name}/"
    )["events"]
    return float(event["timestamp"]) / 1000 - created


def _start_seconds(program: list[str]) -> float:
    started = time.time()
    with subprocess.Popen(program, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        return time.time() - started


def _copy_all(aws: RunningServer) -> None:
    """Run a job that copies `data/` to `copy/`."""
    sagemaker, name, base = aws.client("sagemaker"), "copy", "/opt/ml/processing"
    source = {"S3Uri": f"s3://{BUCKET}/data/", "LocalPath": f"{base}/input/source"}
    target = {"S3Uri": f"s3://{BUCKET}/copy", "LocalPath": f"{base}/output"}
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
    _wait(lambda: sagemaker.describe_processing_job(ProcessingJobName=name)["ProcessingJobStatus"])


def _wait(describe_status: Callable[[], str]) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while (status := describe_status()) == "InProgress" and time.monotonic() < deadline:
        time.sleep(0.05)
    assert status == "Completed", status


def _cluster() -> dict[str, Any]:
    return {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 10}


def _peak_megabytes(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _seaweedfs_pid(folder: Path) -> int:
    """Return the PID of SeaweedFS. The reaper's command line also contains its arguments."""
    argument = f"-dir={folder}/aws/s3/data"
    for entry in Path("/proc").glob("[0-9]*"):
        arguments = (entry / "cmdline").read_text().split("\0")
        if argument in arguments and arguments[0].endswith("weed"):
            return int(entry.name)
    raise LookupError(f"no SeaweedFS process has the argument {argument}")


@contextmanager
def local_aws(folder: Path, entrypoint: list[str]) -> Iterator[RunningServer]:
    """Run the server with one image and one bucket."""
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
            variables = json.loads(process.stdout.readline())["environment"]
            keys = read_keys(Path(variables["AWS_SHARED_CREDENTIALS_FILE"]))
            yield RunningServer(process.pid, variables, keys)
        finally:
            process.terminate()


@contextmanager
def _moto() -> Iterator[RunningServer]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            moto = RunningServer(
                process.pid, {"AWS_ENDPOINT_URL": url}, Credentials("moto", "moto")
            )
            _create_bucket(moto.client("s3"))
            yield moto
        finally:
            process.terminate()


def _create_bucket(client: Any) -> None:
    """Create the bucket as soon as the server responds."""
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
