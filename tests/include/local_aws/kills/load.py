"""Clients that work on the server until it is killed."""

import random
import threading
import time
from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError

from tests.include.local_aws.kills.acknowledged import Acknowledged, Job, Versions, content
from tests.include.local_aws.local_server import BUCKET, ROLE, LocalServer, unique_name

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/kills:1"
ENDPOINT = "endpoint"
_BACKLOG = 8  # jobs
_KEYS = 40  # objects a thread


class Load:
    """The clients of one round.

    Args:
        server: what they call; the clients of a killed server are of no use.
        done: what it acknowledged.
        configs: the endpoint configurations that the endpoint changes between.
        source: a prefix with something for a job to read.
    """

    def __init__(
        self, server: LocalServer, done: Acknowledged, configs: list[str], source: str
    ) -> None:
        self._server = server
        self._done = done
        self._configs = configs
        self._source = source
        self._killed = threading.Event()
        clients = {
            "put a": lambda: self._put("a"),
            "put b": lambda: self._put("b"),
            "create": self._create,
            "stop": self._stop,
            "tag": self._tag,
            "update": self._update,
            "invoke": self._invoke,
        }
        self._threads = [
            threading.Thread(target=self._run, args=(client,), name=name)
            for name, client in clients.items()
        ]

    def until_killed(self, seconds: float) -> None:
        """Let all clients work so long, kill the server amid that, and wait for their ends."""
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
                    self._done.violated(f"{name}: refused by a server that runs: {error}")
                    return

    def _put(self, thread: str) -> None:
        key = f"objects/{thread}/{random.randrange(_KEYS)}"
        versions = self._done.objects.setdefault(key, Versions())
        with versions.next() as version:
            self._server.s3.put_object(Bucket=BUCKET, Key=key, Body=content(key, version))
        self._done.count("puts")

    def _create(self) -> None:
        if len(self._done.unfinished()) >= _BACKLOG:
            time.sleep(0.02)
            self._look()
            return
        kind = random.choice(("training", "processing"))
        name = create_job(self._server, kind, self._source)
        self._done.add(Job(kind, name))
        self._done.count(f"{kind} jobs")

    def _look(self) -> None:
        for job in self._done.unfinished():
            seen(self._server, self._done, job)

    def _stop(self) -> None:
        time.sleep(random.uniform(0.05, 0.4))
        jobs = [job for job in self._done.unfinished() if not job.stop_tried]
        if not jobs:
            return
        job = random.choice(jobs)
        job.stop_tried = True
        stop = getattr(self._server.sagemaker, f"stop_{job.kind}_job")
        try:
            stop(**{f"{job.kind.capitalize()}JobName": job.name})
        except ClientError as refused:
            if "is in status" not in str(refused):  # it has ended already
                raise
            return
        job.stop_acknowledged = True
        self._done.count("stops")

    def _tag(self) -> None:
        arn = f"arn:aws:sagemaker:us-east-1:123456789012:endpoint/{ENDPOINT}"
        versions = self._done.tags.setdefault(arn, Versions())
        with versions.next() as version:
            tag = {"Key": "version", "Value": str(version)}
            self._server.sagemaker.add_tags(ResourceArn=arn, Tags=[tag])
        self._done.count("tags")

    def _update(self) -> None:
        time.sleep(random.uniform(0, 0.5))
        self._server.wait_for_endpoint(ENDPOINT)
        with self._done.endpoint.next() as version:
            self._server.sagemaker.update_endpoint(
                EndpointName=ENDPOINT,
                EndpointConfigName=self._configs[version % len(self._configs)],
            )
        self._done.count("endpoint updates")

    def _invoke(self) -> None:
        answer = self._server.invoke(ENDPOINT, b"photo")
        if answer["version"] not in map(str, range(len(self._configs))):
            self._done.violated(f"the endpoint answered {answer}")
        self._done.count("answers of the endpoint")


def create_job(server: LocalServer, kind: str, source: str) -> str:
    """Create a job of `program.py`; returns its name."""
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


def seen(server: LocalServer, done: Acknowledged, job: Job) -> None:
    """Look at a job, and see whether it is as it must be."""
    word = job.kind.capitalize()
    describe = getattr(server.sagemaker, f"describe_{job.kind}_job")
    stopped = job.stop_acknowledged  # before the look: a stop may be acknowledged during it
    try:
        found = describe(**{f"{word}JobName": job.name})
    except ClientError as error:
        done.violated(f"{job.name}: {error}")
        return
    status = found[f"{word}JobStatus"]
    if stopped and status == "InProgress":
        done.violated(f"{job.name}: InProgress after a stop that was acknowledged")
    end = (status, str(found[f"{word}EndTime"])) if f"{word}EndTime" in found else None
    if job.end is not None and end != job.end:
        done.violated(f"{job.name}: ended as {job.end}, and then as {end or status}")
    job.end = end
