"""The compose service `local-aws`, run as a process with the command of the service.

Without Docker, paths and ports replace those of the container, and the name `local-aws` resolves to
this computer. These tests protect against options that the server does not have, a registry without
the image of `.env.example`, and missing access control.
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
from tests.waiting import LONG

ROOT = Path(__file__).parent.parent
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())
SERVICE: dict[str, Any] = COMPOSE["services"]["local-aws"]
EXAMPLE = (ROOT / ".env.example").read_text()
MOUNTS = dict(volume.split(":")[1::-1] for volume in SERVICE["volumes"])
OPTIONS = dict(word[2:].split("=", 1) for word in SERVICE["command"] if word.startswith("--"))
REGISTRY = json.loads((ROOT / MOUNTS[OPTIONS["images"]]).read_text())
(WEIGHTS,) = {image["environment"]["PRETRAINED_WEIGHTS_FOLDER"] for image in REGISTRY.values()}
KEYS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "test-secret"}


@dataclass(frozen=True)
class Service:
    """The running service."""

    pid: int
    port: int
    s3_port: int
    bucket: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder, port, s3_port = tmp_path_factory.mktemp("compose"), free_port(), free_port()
    root, images = folder / "root", folder / "images.json"
    container = SERVICE["environment"]["PYTHONPATH"]
    registry = (ROOT / MOUNTS[OPTIONS["images"]]).read_text()
    images.write_text(registry.replace(f'"{container}"', f'"{ROOT}"'))
    values = {
        "root": root,
        "images": images,
        "port": port,
        "s3-port": s3_port,
        "bucket": "artifacts",
    }
    assert SERVICE["command"][0] == "python"
    words = [
        f"--{name}={values.get(name, with_defaults(value))}" for name, value in OPTIONS.items()
    ]
    command = [sys.executable, *SERVICE["command"][1:3], *words]
    with started(command, folder / "first.log"):
        pass  # the tested start finds an existing bucket, as after a restart
    with contextlib.ExitStack() as after_the_stop, started(command, folder / "second.log") as pid:
        after_the_stop.enter_context(socket.create_connection(("127.0.0.1", s3_port)))
        yield Service(pid, port, s3_port, "artifacts")


def with_defaults(value: str) -> str:
    """Replace each `${NAME:-default}` by its default, as Compose does for a variable not set."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value)


@contextlib.contextmanager
def started(command: list[str], log: Path) -> Iterator[int]:
    """Context manager: the pid of a server, which must stop cleanly and without warnings."""
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
    assert len(log.read_text().splitlines()) == 1, log.read_text()  # the line about isolation


@pytest.fixture
def network(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the environment and the name resolution of the Airflow services."""
    resolve = socket.getaddrinfo

    def resolve_local_aws(host: str, *rest: Any, **options: Any) -> Any:
        return resolve("127.0.0.1" if host == "local-aws" else host, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve_local_aws)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://local-aws:{service.port}")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://local-aws:{service.s3_port}")
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("NO_PROXY", "local-aws")


def client(name: str, **keys: str) -> Any:
    return boto3.session.Session(region_name="us-east-1").client(name, **keys)


def example(name: str) -> str:
    """Return a value in .env.example for a stack without AWS."""
    found = re.search(rf"^#.*\b{name}=(\S+)", EXAMPLE, re.MULTILINE)
    assert found, name
    return found[1]


def test_the_status_page_requires_its_key(service: Service) -> None:
    """Protects logs and settings from other users of the network."""
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
        assert "test-secret" not in page.text
        assert browser.get("/jobs/training/a").status_code == 404


def test_the_example_has_the_address_of_the_service() -> None:
    (host,) = [value for name, value in OPTIONS.items() if name == "allow-host"]
    assert host == "local-aws"
    assert example("AWS_ENDPOINT_URL") == f"http://{host}:{OPTIONS['port']}"
    assert example("AWS_ENDPOINT_URL_S3") == f"http://{host}:{OPTIONS['s3-port']}"
    health = f"urlopen('http://127.0.0.1:{OPTIONS['port']}/health')"
    assert SERVICE["healthcheck"]["test"][-1].endswith(health)
    assert OPTIONS["bucket"].startswith("${ARTIFACT_BUCKET:?")


def test_the_registry_has_the_image_of_the_example() -> None:
    file = ROOT / MOUNTS[OPTIONS["images"]]
    image = ImageRegistry(file).find(example("IMAGE_URI"))
    assert image.entrypoint == ["python", "-m", "include.image_classification"]
    assert image.environment["PYTHONPATH"] == SERVICE["environment"]["PYTHONPATH"]


@pytest.mark.parametrize("folder", [OPTIONS["root"], WEIGHTS])
def test_state_and_weights_are_in_volumes_that_the_image_prepares(folder: str) -> None:
    assert MOUNTS[folder] in COMPOSE["volumes"]
    assert re.search(
        rf"install .*--group=0 --mode=770 {folder}( \\)?$",
        (ROOT / "compose" / "local-aws.Dockerfile").read_text(),
        re.MULTILINE,
    )


def test_the_service_gets_no_secrets_of_airflow() -> None:
    assert (
        re.findall(r"PASSWORD|SECRET(?!_ACCESS)|FERNET", json.dumps(SERVICE["environment"])) == []
    )
    assert "ports" not in SERVICE


def test_health_rejects_other_host_names(service: Service) -> None:
    for host, status in {
        f"local-aws:{service.port}": 200,
        "127.0.0.1:4566": 200,
        "evil.example": 403,
        f"local-aws.evil.example:{service.port}": 403,
        "": 403,
    }.items():
        answer = httpx.get(f"{service.url}/health", headers={"Host": host})
        assert answer.status_code == status, host
    health = httpx.get(f"{service.url}/health").json()
    assert health["s3_endpoint_url"] == f"http://local-aws:{service.s3_port}"


@pytest.mark.usefixtures("network")
def test_the_services_reach_s3_and_sagemaker(service: Service) -> None:
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
        ("other", "test-secret", "InvalidAccessKeyId", "UnrecognizedClientException"),
    ],
)
def test_other_keys_are_rejected(
    service: Service, key: str, secret: str, s3_code: str, code: str
) -> None:
    keys = {"aws_access_key_id": key, "aws_secret_access_key": secret}
    with pytest.raises(ClientError) as rejected:
        client("s3", **keys).put_object(Bucket=service.bucket, Key="k", Body=b"")
    assert rejected.value.response["Error"]["Code"] == s3_code
    for name, call, arguments in (
        ("sagemaker", "list_models", {}),
        ("sagemaker-runtime", "invoke_endpoint", {"EndpointName": "none", "Body": b""}),
        ("logs", "describe_log_groups", {}),
    ):
        with pytest.raises(ClientError) as rejected:
            getattr(client(name, **keys), call)(**arguments)
        assert rejected.value.response["Error"]["Code"] == code, name


def test_no_other_port_is_open_to_the_network(service: Service) -> None:
    psutil = importlib.import_module("psutil")  # installed with Airflow, without types
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
def test_a_job_runs_the_program_of_the_registry(service: Service) -> None:
    """For an unknown command, the image prints its commands."""
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
            ProcessingJobName="job", WaiterConfig={"Delay": 0.2, "MaxAttempts": int(10 * LONG)}
        )
    job = sagemaker.describe_processing_job(ProcessingJobName="job")
    assert job["ProcessingJobStatus"] == "Failed"
    stream = {"logGroupName": "/aws/sagemaker/ProcessingJobs"}
    logs = client("logs")
    (found,) = logs.describe_log_streams(**stream)["logStreams"]
    events = logs.get_log_events(**stream, logStreamName=found["logStreamName"])["events"]
    (usage,) = [event["message"] for event in events]
    assert usage.startswith("usage: python -m include.image_classification {fetch,refresh,")
