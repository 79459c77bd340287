"""Load: clients that call the server until it is killed."""

import random
import threading
import time
from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError

from tests.include.local_aws.kills.acknowledged import Acknowledged, Job, Versions, object_content
from tests.include.local_aws.local_server import BUCKET, ROLE, LocalServer, unique_name

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/kills:1"
"""The image of the jobs, which runs `program.py`."""
ENDPOINT = "endpoint"
"""The name of the only endpoint."""

_MAX_UNFINISHED_JOBS = 8
_KEYS_PER_THREAD = 40


class Load:
    """The clients of one round.

    Args:
        server: The server that they call. A `Load` cannot be used after the server was killed.
        record: Receives what the server acknowledges, and violations.
        configs: Endpoint configurations that the updates cycle through.
        source: S3 prefix with input for the jobs.
    """

    def __init__(
        self, server: LocalServer, record: Acknowledged, configs: list[str], source: str
    ) -> None:
        self._server = server
        self._record = record
        self._configs = configs
        self._source = source
        self._killed = threading.Event()
        clients = {
            "put a": lambda: self._put_object("a"),
            "put b": lambda: self._put_object("b"),
            "create": self._create_job,
            "stop": self._stop_job,
            "tag": self._tag_endpoint,
            "update": self._update_endpoint,
            "invoke": self._invoke_endpoint,
        }
        self._threads = [
            threading.Thread(target=self._run, args=(client,), name=name)
            for name, client in clients.items()
        ]

    def run_and_kill(self, seconds: float) -> None:
        """Run all clients, kill the server after some seconds, and wait until the clients end."""
        for thread in self._threads:
            thread.start()
        time.sleep(seconds)
        self._killed.set()
        self._server.kill()
        for thread in self._threads:
            thread.join()

    def _run(self, client: Callable[[], None]) -> None:
        while not self._killed.is_set():
            try:
                client()
            except (ClientError, BotoCoreError) as error:
                if not self._killed.is_set():
                    name = threading.current_thread().name
                    self._record.add_violation(f"{name}: call failed before the kill: {error}")
                    return

    def _put_object(self, thread: str) -> None:
        key = f"objects/{thread}/{random.randrange(_KEYS_PER_THREAD)}"
        versions = self._record.objects.setdefault(key, Versions())
        with versions.write_next() as version:
            body = object_content(key, version)
            self._server.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        self._record.count("puts")

    def _create_job(self) -> None:
        if len(self._record.unfinished_jobs()) >= _MAX_UNFINISHED_JOBS:
            time.sleep(0.02)
            self._observe_jobs()
            return
        kind = random.choice(("training", "processing"))
        name = create_job(self._server, kind, self._source)
        self._record.add_job(Job(kind, name))
        self._record.count(f"{kind} jobs")

    def _observe_jobs(self) -> None:
        for job in self._record.unfinished_jobs():
            observe_job(self._server, self._record, job)

    def _stop_job(self) -> None:
        time.sleep(random.uniform(0.05, 0.4))
        jobs = [job for job in self._record.unfinished_jobs() if not job.stop_attempted]
        if not jobs:
            return
        job = random.choice(jobs)
        job.stop_attempted = True
        stop = getattr(self._server.sagemaker, f"stop_{job.kind}_job")
        try:
            stop(**{f"{job.kind.capitalize()}JobName": job.name})
        except ClientError as error:
            if "is in status" not in str(error):  # the job has ended already
                raise
            return
        job.stop_acknowledged = True
        self._record.count("stops")

    def _tag_endpoint(self) -> None:
        arn = f"arn:aws:sagemaker:us-east-1:123456789012:endpoint/{ENDPOINT}"
        versions = self._record.tags.setdefault(arn, Versions())
        with versions.write_next() as version:
            tag = {"Key": "version", "Value": str(version)}
            self._server.sagemaker.add_tags(ResourceArn=arn, Tags=[tag])
        self._record.count("tags")

    def _update_endpoint(self) -> None:
        time.sleep(random.uniform(0, 0.5))
        self._server.wait_for_endpoint(ENDPOINT)
        with self._record.endpoint.write_next() as version:
            self._server.sagemaker.update_endpoint(
                EndpointName=ENDPOINT,
                EndpointConfigName=self._configs[version % len(self._configs)],
            )
        self._record.count("endpoint updates")

    def _invoke_endpoint(self) -> None:
        response = self._server.invoke(ENDPOINT, b"photo")
        if response["version"] not in map(str, range(len(self._configs))):
            self._record.add_violation(f"the endpoint responded with {response}")
        self._record.count("endpoint responses")


def create_job(server: LocalServer, kind: str, source: str) -> str:
    """Create a job that runs `program.py`.

    Args:
        server: The server.
        kind: "training" or "processing".
        source: S3 prefix with the input of a training job.

    Returns:
        The job's name.
    """
    if kind == "training":
        request = server.training_request(source)
        request["AlgorithmSpecification"]["TrainingImage"] = IMAGE
        server.sagemaker.create_training_job(**request)
        return str(request["TrainingJobName"])
    below = "/opt/ml/processing"
    name = unique_name("process")
    target = {"S3Uri": f"s3://{BUCKET}/results/{name}", "S3UploadMode": "EndOfJob"}
    output = {"OutputName": "result", "S3Output": {**target, "LocalPath": f"{below}/output/result"}}
    cluster = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
    server.sagemaker.create_processing_job(
        ProcessingJobName=name,
        RoleArn=ROLE,
        AppSpecification={"ImageUri": IMAGE, "ContainerArguments": ["process"]},
        ProcessingOutputConfig={"Outputs": [output]},
        ProcessingResources={"ClusterConfig": cluster},
    )
    return name


def observe_job(server: LocalServer, record: Acknowledged, job: Job) -> None:
    """Describe a job, set `job.end` if it has ended, and check its status.

    Violations: the job does not exist, it is InProgress after an acknowledged stop, or its end
    differs from the end observed earlier.
    """
    word = job.kind.capitalize()
    describe = getattr(server.sagemaker, f"describe_{job.kind}_job")
    stopped = job.stop_acknowledged  # read before the call: another thread may stop the job then
    try:
        found = describe(**{f"{word}JobName": job.name})
    except ClientError as error:
        record.add_violation(f"{job.name}: {error}")
        return
    status = found[f"{word}JobStatus"]
    if stopped and status == "InProgress":
        record.add_violation(f"{job.name}: InProgress after an acknowledged stop")
    end = (status, str(found[f"{word}EndTime"])) if f"{word}EndTime" in found else None
    if job.end is not None and end != job.end:
        record.add_violation(f"{job.name}: its end was {job.end}, and is now {end or status}")
    job.end = end
