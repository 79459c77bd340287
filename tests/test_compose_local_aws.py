"""The compose service `local-aws`, run as a process with the service's very command.

There is no engine here, so paths and ports stand in for the container's, and the name `local-aws`
leads to this machine. These tests protect against flags that the server does not know, a registry
that lacks the image of `.env.example`, and a server that lets in whom it should not.
"""

import contextlib
import importlib
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
import yaml
from botocore.exceptions import ClientError, WaiterError

from include.local_aws.image_registry import ImageRegistry
from include.local_aws.processes.ports import free_port
from include.local_aws.settings import Credentials, Settings
from include.local_aws.status.page import page_key

ROOT = Path(__file__).parent.parent
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())
SERVICE: dict[str, Any] = COMPOSE["services"]["local-aws"]
EXAMPLE = (ROOT / ".env.example").read_text()
MOUNTS = dict(volume.split(":")[1::-1] for volume in SERVICE["volumes"])
OPTIONS = dict(word[2:].split("=", 1) for word in SERVICE["command"] if word.startswith("--"))
KEYS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "of-the-test-alone"}


@dataclass(frozen=True)
class Running:
    """The service as the other services see it."""

    pid: int
    port: int
    s3_port: int
    bucket: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder, port, s3_port = tmp_path_factory.mktemp("compose"), free_port(), free_port()
    root, images = folder / "root", folder / "images.json"
    container = SERVICE["environment"]["PYTHONPATH"]
    registry = (ROOT / MOUNTS[OPTIONS["images"]]).read_text()
    images.write_text(registry.replace(f'"{container}"', f'"{ROOT}"'))
    here = {"root": root, "images": images, "port": port, "s3-port": s3_port, "bucket": "artifacts"}
    assert SERVICE["command"][0] == "python"
    words = [f"--{name}={here.get(name, value)}" for name, value in OPTIONS.items()]
    command = [sys.executable, *SERVICE["command"][1:3], *words]
    with started(command, folder / "first.log"):
        pass  # so that the one that is tested finds a bucket, as after every restart
    with contextlib.ExitStack() as after_the_stop, started(command, folder / "second.log") as pid:
        after_the_stop.enter_context(socket.create_connection(("127.0.0.1", s3_port)))
        yield Running(pid, port, s3_port, "artifacts")


@contextlib.contextmanager
def started(command: list[str], log: Path) -> Iterator[int]:
    """A server that is ready, by its pid; it has to end cleanly, and say nothing odd."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {"PYTHONPATH": str(ROOT), "PATH": path, **KEYS}
    with (
        log.open("w") as errors,
        subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "ready\n"
            yield process.pid
        finally:
            process.terminate()
            assert process.wait(60) == 0
    assert len(log.read_text().splitlines()) == 1, log.read_text()  # how jobs are isolated


@pytest.fixture
def network(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """The network and the environment of the Airflow services."""
    resolve = socket.getaddrinfo

    def as_on_the_network(host: str, *rest: Any, **options: Any) -> Any:
        return resolve("127.0.0.1" if host == "local-aws" else host, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", as_on_the_network)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://local-aws:{service.port}")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://local-aws:{service.s3_port}")
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("NO_PROXY", "local-aws")


def client(name: str, **keys: str) -> Any:
    return boto3.session.Session(region_name="us-east-1").client(name, **keys)


def example(name: str) -> str:
    """A value that .env.example gives for a stack without AWS."""
    found = re.search(rf"^#.*\b{name}=(\S+)", EXAMPLE, re.MULTILINE)
    assert found, name
    return found[1]


def test_the_status_page_asks_other_machines_for_its_key(service: Running) -> None:
    """Logs and settings are not for everyone in the network."""
    for path in ("/", "/jobs/training/a", "/log?group=a&stream=b", "/?key=wrong"):
        assert httpx.get(service.url + path).status_code == 403
    settings = Settings(
        root=Path(),
        port=service.port,
        images=Path(),
        bind="0.0.0.0",
        credentials=Credentials(KEYS["AWS_ACCESS_KEY_ID"], KEYS["AWS_SECRET_ACCESS_KEY"]),
    )
    with httpx.Client(base_url=service.url, follow_redirects=True) as browser:
        page = browser.get("/", params={"key": page_key(settings)})
        assert (page.status_code, page.url.query) == (200, b"")
        assert "of-the-test-alone" not in page.text
        assert browser.get("/jobs/training/a").status_code == 404


def test_the_example_leads_to_the_service() -> None:
    (host,) = [value for name, value in OPTIONS.items() if name == "allow-host"]
    assert host == "local-aws"
    assert example("AWS_ENDPOINT_URL") == f"http://{host}:{OPTIONS['port']}"
    assert example("AWS_ENDPOINT_URL_S3") == f"http://{host}:{OPTIONS['s3-port']}"
    assert SERVICE["healthcheck"]["test"][-1] == f"http://127.0.0.1:{OPTIONS['port']}/health"
    assert OPTIONS["bucket"].startswith("${ARTIFACT_BUCKET:?")


def test_the_registry_has_the_image_of_the_example() -> None:
    file = ROOT / MOUNTS[OPTIONS["images"]]
    image = ImageRegistry(file).find(example("IMAGE_URI"))
    assert image.entrypoint == ["python", "-m", "include.image_classification"]
    assert image.environment["PYTHONPATH"] == SERVICE["environment"]["PYTHONPATH"]


def test_its_state_is_in_a_volume_that_the_image_prepares() -> None:
    assert MOUNTS[OPTIONS["root"]] in COMPOSE["volumes"]
    assert re.search(
        rf"install .*--group=0 --mode=770 {OPTIONS['root']}$",
        (ROOT / "compose" / "local-aws.Dockerfile").read_text(),
        re.MULTILINE,
    )


def test_it_gets_no_secret_of_airflows() -> None:
    assert (
        re.findall(r"PASSWORD|SECRET(?!_ACCESS)|FERNET", json.dumps(SERVICE["environment"])) == []
    )
    assert "ports" not in SERVICE


def test_health_answers_by_the_names_it_is_given_only(service: Running) -> None:
    for host, status in {
        f"local-aws:{service.port}": 200,
        "127.0.0.1:4566": 200,
        "evil.example": 403,
        f"local-aws.evil.example:{service.port}": 403,
        "": 403,
    }.items():
        answer = httpx.get(f"{service.url}/health", headers={"Host": host})
        assert answer.status_code == status, host
    said = httpx.get(f"{service.url}/health").json()
    assert said["s3_endpoint_url"] == f"http://local-aws:{service.s3_port}"


@pytest.mark.usefixtures("network")
def test_the_services_reach_s3_and_sagemaker(service: Running) -> None:
    s3 = client("s3")
    large = os.urandom(9 * 1024 * 1024)  # several parts of the gateway's buffer
    s3.put_object(Bucket=service.bucket, Key="a b/ü", Body=large)
    assert s3.get_object(Bucket=service.bucket, Key="a b/ü")["Body"].read() == large
    assert client("sagemaker").list_training_jobs()["TrainingJobSummaries"] == []
    assert client("sts").get_caller_identity()["Account"] == "123456789012"
    runtime = client("sagemaker-runtime")
    with pytest.raises(ClientError, match="Endpoint none of account"):
        runtime.invoke_endpoint(EndpointName="none", Body=b"\x00")


@pytest.mark.usefixtures("network")
@pytest.mark.parametrize(
    ("key", "secret", "s3_code", "code"),
    [
        ("local", "local-secret", "SignatureDoesNotMatch", "InvalidSignatureException"),
        ("other", "of-the-test-alone", "InvalidAccessKeyId", "UnrecognizedClientException"),
    ],
)
def test_other_keys_are_refused(
    service: Running, key: str, secret: str, s3_code: str, code: str
) -> None:
    keys = {"aws_access_key_id": key, "aws_secret_access_key": secret}
    with pytest.raises(ClientError) as refused:
        client("s3", **keys).put_object(Bucket=service.bucket, Key="k", Body=b"")
    assert refused.value.response["Error"]["Code"] == s3_code
    for name, call, arguments in (
        ("sagemaker", "list_models", {}),
        ("sagemaker-runtime", "invoke_endpoint", {"EndpointName": "none", "Body": b""}),
        ("logs", "describe_log_groups", {}),
    ):
        with pytest.raises(ClientError) as refused:
            getattr(client(name, **keys), call)(**arguments)
        assert refused.value.response["Error"]["Code"] == code, name


def test_no_other_port_is_open_to_the_network(service: Running) -> None:
    psutil = importlib.import_module("psutil")  # Airflow brings it, without types
    server = psutil.Process(service.pid)
    listening = [
        connection.laddr
        for process in (server, *server.children(recursive=True))
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) > 2
    assert {a.port for a in listening if a.ip != "127.0.0.1"} == {service.port, service.s3_port}


@pytest.mark.usefixtures("network")
def test_a_job_runs_the_program_of_the_registry(service: Running) -> None:
    """Asked for a program that it does not have, the image says which ones it has."""
    sagemaker = client("sagemaker")
    cluster = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
    sagemaker.create_processing_job(
        ProcessingJobName="job",
        RoleArn=example("SAGEMAKER_ROLE_ARN"),
        AppSpecification={
            "ImageUri": example("IMAGE_URI"),
            "ContainerArguments": ["no-such-program"],
        },
        ProcessingResources={"ClusterConfig": cluster},
    )
    with pytest.raises(WaiterError):
        sagemaker.get_waiter("processing_job_completed_or_stopped").wait(
            ProcessingJobName="job", WaiterConfig={"Delay": 0.2, "MaxAttempts": 100}
        )
    job = sagemaker.describe_processing_job(ProcessingJobName="job")
    assert job["ProcessingJobStatus"] == "Failed"
    stream = {"logGroupName": "/aws/sagemaker/ProcessingJobs"}
    logs = client("logs")
    (found,) = logs.describe_log_streams(**stream)["logStreams"]
    events = logs.get_log_events(**stream, logStreamName=found["logStreamName"])["events"]
    (usage,) = [event["message"] for event in events]
    assert usage.startswith("usage: python -m include.image_classification {refresh,")
