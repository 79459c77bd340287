"""A local AWS for tests: started as users start it, with short requests for its clients."""

import contextlib
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import WaiterError

from include.local_aws.access.client_files import STATUS_URL
from include.local_aws.access.keys import read_keys
from include.local_aws.endpoints.manager import IN_PROGRESS
from include.local_aws.processes.ports import free_port
from include.local_aws.settings import Credentials
from tests.include.local_aws.answers import check_answers

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/fake:1"
OWN_IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/image-classification:1"
ROLE = "arn:aws:iam::123456789012:role/sagemaker"
BUCKET = "bucket"
PROJECT = Path(__file__).parents[3]
_names = itertools.count(1)
_QUICK = {"Delay": 0.1, "MaxAttempts": 300}


def fresh(word: str) -> str:
    """A name that no other test has."""
    return f"{word}-{next(_names)}-{time.time_ns() % 10**9}"


@contextlib.contextmanager
def running(root: Path) -> Iterator["LocalServer"]:
    """A running server with an empty bucket, which has to end well."""
    server = LocalServer(root)
    server.start()
    server.s3.create_bucket(Bucket=BUCKET)
    yield server
    assert server.stop() == 0


def write_images(file: Path) -> None:
    """Write an image registry that has the fake image and the project's own."""
    program = str(Path(__file__).with_name("fake_image.py"))
    own = {
        "entrypoint": [sys.executable, "-m", "include.image_classification"],
        "environment": {"PYTHONPATH": str(PROJECT)},
    }
    file.write_text(json.dumps({IMAGE: {"entrypoint": [sys.executable, program]}, OWN_IMAGE: own}))


class LocalServer:
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
        """Start the process; the suite's own AWS variables are not for it."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        self._process = subprocess.Popen(
            self.command(), cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True
        )

    def await_ready(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        event = json.loads(self._process.stdout.readline())
        self.announced = event["environment"]
        # The suite's own AWS variables would win over the files that are announced.
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
        """The address of everything but S3."""
        return self.environment["AWS_ENDPOINT_URL"]

    @property
    def credentials(self) -> Credentials:
        """The keys that the server has made."""
        return read_keys(Path(self.announced["AWS_SHARED_CREDENTIALS_FILE"]))

    @property
    def status_url(self) -> str:
        """The status page's address with its key."""
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

    def put(self, prefix: str, **files: bytes | str) -> str:
        """Objects `<prefix>/<name>.txt`; returns the prefix's URI."""
        for name, content in files.items():
            self.s3.put_object(Bucket=BUCKET, Key=f"{prefix}/{name}.txt", Body=content)
        return f"s3://{BUCKET}/{prefix}"

    def keys(self, uri: str) -> list[str]:
        prefix = uri.removeprefix(f"s3://{BUCKET}/")
        found = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
        return [entry["Key"].removeprefix(prefix).lstrip("/") for entry in found]

    def get(self, uri: str) -> bytes:
        key = uri.removeprefix(f"s3://{BUCKET}/")
        content: bytes = self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return content

    def training_request(self, uri: str, seconds: int = 60, **hyperparameters: str) -> Any:
        source = {"S3DataType": "S3Prefix", "S3Uri": uri}
        return {
            "TrainingJobName": fresh("train"),
            "RoleArn": ROLE,
            "AlgorithmSpecification": {
                "TrainingImage": IMAGE,
                "TrainingInputMode": "File",
                "MetricDefinitions": [
                    {"Name": "validation:accuracy", "Regex": "Validation-accuracy=([0-9.]+)"}
                ],
            },
            "InputDataConfig": [{"ChannelName": "train", "DataSource": {"S3DataSource": source}}],
            "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/models"},
            "ResourceConfig": {
                "InstanceCount": 1,
                "InstanceType": "ml.m5.large",
                "VolumeSizeInGB": 10,
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": seconds},
            "HyperParameters": hyperparameters,
        }

    def train(self, uri: str, seconds: int = 60, **hyperparameters: str) -> str:
        """Create a training job; returns its name."""
        request = self.training_request(uri, seconds, **hyperparameters)
        self.sagemaker.create_training_job(**request)
        return str(request["TrainingJobName"])

    def process(self, *arguments: str, source: str, target: str, **request: Any) -> str:
        """Create a processing job that copies source to target; returns its name."""
        name = fresh("process")
        below = "/opt/ml/processing"
        s3_input = {"S3Uri": source, "LocalPath": f"{below}/input/source"}
        s3_output = {"S3Uri": target, "LocalPath": f"{below}/output/result"}
        self.sagemaker.create_processing_job(
            **{
                "ProcessingJobName": name,
                "RoleArn": ROLE,
                "AppSpecification": {
                    "ImageUri": IMAGE,
                    "ContainerArguments": [
                        *(arguments or ["copy"]),
                        f"{below}/input/source",
                        f"{below}/output/result",
                    ],
                },
                "ProcessingInputs": [
                    {
                        "InputName": "source",
                        "S3Input": {**s3_input, "S3DataType": "S3Prefix", "S3InputMode": "File"},
                    }
                ],
                "ProcessingOutputConfig": {
                    "Outputs": [
                        {
                            "OutputName": "result",
                            "S3Output": {**s3_output, "S3UploadMode": "EndOfJob"},
                        }
                    ]
                },
                "ProcessingResources": {
                    "ClusterConfig": {
                        "InstanceCount": 1,
                        "InstanceType": "ml.m5.large",
                        "VolumeSizeInGB": 10,
                    }
                },
                **request,
            }
        )
        return name

    def model(self, **environment: str) -> str:
        """Create a model of the fake image; returns its name."""
        name = fresh("model")
        container = {"Image": IMAGE, "ModelDataUrl": self.artifact(), "Environment": environment}
        self.sagemaker.create_model(
            ModelName=name, PrimaryContainer=container, ExecutionRoleArn=ROLE
        )
        return name

    def artifact(self) -> str:
        """The URI of a model.tar.gz, trained when a test first asks."""
        uri = f"s3://{BUCKET}/model.tar.gz"
        if not self.keys(uri):
            name = self.train(self.put("artifact", a="1"))
            trained = self.ended("training", name)["ModelArtifacts"]["S3ModelArtifacts"]
            self.s3.put_object(Bucket=BUCKET, Key="model.tar.gz", Body=self.get(trained))
        return uri

    def config(self, model: str, count: int = 1) -> str:
        """Create an endpoint configuration of one variant; returns its name."""
        name = fresh("config")
        variant = {"VariantName": "all", "ModelName": model, "InitialInstanceCount": count}
        self.sagemaker.create_endpoint_config(
            EndpointConfigName=name,
            ProductionVariants=[{**variant, "InstanceType": "ml.m5.large"}],
        )
        return name

    def endpoint(self, config: str) -> str:
        """Create an endpoint and wait until it is in service; returns its name."""
        name = fresh("endpoint")
        self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
        self.sagemaker.get_waiter("endpoint_in_service").wait(
            EndpointName=name, WaiterConfig=_QUICK
        )
        return name

    def settled(self, name: str) -> Any:
        """An endpoint's description once nothing is under way."""
        while True:
            found = self.sagemaker.describe_endpoint(EndpointName=name)
            if found["EndpointStatus"] not in IN_PROGRESS:
                return found
            time.sleep(0.05)

    def invoke(self, endpoint: str, body: bytes, **request: Any) -> Any:
        answer = self.runtime.invoke_endpoint(
            **{"EndpointName": endpoint, "Body": body, "ContentType": "image/jpeg", **request}
        )
        return json.loads(answer["Body"].read())

    def ended(self, kind: str, name: str) -> Any:
        """A job's description, waited for with botocore's own waiter; kind as "training"."""
        word = kind.capitalize()
        waiter = self.sagemaker.get_waiter(f"{kind}_job_completed_or_stopped")
        describe = getattr(self.sagemaker, f"describe_{kind}_job")
        # The waiter raises for Failed; the caller looks at the description.
        with contextlib.suppress(WaiterError):
            waiter.wait(**{f"{word}JobName": name}, WaiterConfig=_QUICK)
        found = describe(**{f"{word}JobName": name})
        assert found[f"{word}JobStatus"] in ("Completed", "Stopped", "Failed")
        return found

    def log(self, kind: str, name: str, host: str = "") -> list[str]:
        """The lines of a job's only log stream, or of a host's; none before it is there."""
        group = f"/aws/sagemaker/{kind.capitalize()}Jobs"
        try:
            (stream,) = self.logs.describe_log_streams(
                logGroupName=group, logStreamNamePrefix=f"{name}/{host}"
            )["logStreams"]
        except (self.logs.exceptions.ResourceNotFoundException, ValueError):
            return []
        return self._messages(group, stream)

    def streams(self, kind: str, name: str) -> list[list[str]]:
        """The lines of each of a job's log streams, the oldest first."""
        group = f"/aws/sagemaker/{kind.capitalize()}Jobs"
        found = self.logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=f"{name}/")
        return [self._messages(group, stream) for stream in found["logStreams"]]

    def await_streams(self, kind: str, name: str, count: int, line: str) -> None:
        """Wait until a job has so many log streams that hold the line."""
        deadline = time.monotonic() + 20
        while sum(line in lines for lines in self.streams(kind, name)) < count:
            assert time.monotonic() < deadline, f"{name} never logged {line!r} in {count} streams"
            time.sleep(0.05)

    def _messages(self, group: str, stream: Any) -> list[str]:
        events = self.logs.get_log_events(
            logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True
        )["events"]
        return [event["message"] for event in events]

    def await_log(self, kind: str, name: str, line: str) -> None:
        """Wait until a job has logged a line."""
        deadline = time.monotonic() + 20
        while line not in self.log(kind, name):
            assert time.monotonic() < deadline, f"{name} never logged {line!r}"
            time.sleep(0.05)
