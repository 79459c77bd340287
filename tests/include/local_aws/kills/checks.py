"""What must hold after a kill, whatever moment it came at."""

import io
import sqlite3
import tarfile
import time
from collections import Counter
from pathlib import Path

from botocore.exceptions import ClientError

from include.local_aws.processes.leftovers import find_leftovers
from tests.include.local_aws.kills.acknowledged import Acknowledged, Job, content
from tests.include.local_aws.kills.load import ENDPOINT, seen
from tests.include.local_aws.local_server import BUCKET, LocalServer

_PATIENCE = 120.0  # seconds until all jobs have ended


def check_kept(
    server: LocalServer, done: Acknowledged, configs: list[str], jobs: list[Job]
) -> None:
    """Nothing acknowledged is lost: these jobs, all objects, tags, and the endpoint."""
    for job in jobs:
        seen(server, done, job)
    for key, versions in done.objects.items():
        _settle(done, key, versions.settle(_version(server, key)))
    for arn, versions in done.tags.items():
        tags = server.sagemaker.list_tags(ResourceArn=arn)["Tags"]
        told = {tag["Key"]: tag["Value"] for tag in tags}
        _settle(done, arn, versions.settle(int(told.get("version", 0))))
    check_endpoint(server, done, configs)


def check_endpoint(server: LocalServer, done: Acknowledged, configs: list[str]) -> None:
    """The endpoint serves the configuration of the last update, which it tells and answers."""
    found = server.wait_for_endpoint(ENDPOINT)
    status, config = found["EndpointStatus"], found["EndpointConfigName"]
    if status != "InService":
        done.violated(f"the endpoint is {status}: {found.get('FailureReason')}")
        return
    told = configs.index(config)
    candidates = (done.endpoint.tried, done.endpoint.acknowledged)
    version = next((v for v in candidates if v % len(configs) == told), None)
    _settle(done, "the endpoint", done.endpoint.settle(version))
    answer = server.invoke(ENDPOINT, b"photo")
    if answer["version"] != str(told):
        done.violated(f"the endpoint has {config} and answers {answer['version']}")


def check_once(done: Acknowledged, runs: Path) -> Counter[str]:
    """Nothing runs twice; returns how many times each job has run."""
    started = Counter(runs.read_text().split() if runs.exists() else [])
    for name, times in started.items():
        if times > 1:
            done.violated(f"{name}: ran {times} times")
    return started


def check_ends(server: LocalServer, done: Acknowledged, runs: Path) -> None:
    """All jobs end, and rightly: with their result, or with a reason; no process stays."""
    deadline = time.monotonic() + _PATIENCE
    while (waiting := done.unfinished()) and time.monotonic() < deadline:
        for job in waiting:
            seen(server, done, job)
    started = check_once(done, runs)
    for job in done.jobs.values():
        wrong = _wrong_end(server, job, started[job.name])
        if wrong:
            done.violated(f"{job.name}: {wrong}")


def check_folder(done: Acknowledged, root: Path) -> None:
    """After a clean stop nothing runs, nothing of a job is left, and the state is sound."""
    if left := find_leftovers(root):
        done.violated(f"processes are left: {left}")
    if files := [path for path in (root / "work").rglob("*") if path.is_file()]:
        done.violated(f"files of jobs are left: {files[:3]}")
    with sqlite3.connect(root / "state.sqlite") as db:
        (told,) = db.execute("pragma integrity_check").fetchone()
    if told != "ok":
        done.violated(f"the state is damaged: {told}")


def _settle(done: Acknowledged, what: str, wrong: str) -> None:
    if wrong:
        done.violated(f"{what} {wrong}")


def _version(server: LocalServer, key: str) -> int | None:
    """The version of an object; 0 if it is not there, None if it is no version at all."""
    try:
        found = server.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    except ClientError as error:
        return 0 if error.response["Error"]["Code"] == "NoSuchKey" else None
    version = int(found[:8]) if found[:8].isdigit() else -1
    return version if found == content(key, version) else None


def _wrong_end(server: LocalServer, job: Job, times: int) -> str:
    """What is wrong with how a job ended, or ""."""
    if job.end is None:
        return f"has not ended in {_PATIENCE:.0f} s"
    word = job.kind.capitalize()
    found = getattr(server.sagemaker, f"describe_{job.kind}_job")(**{f"{word}JobName": job.name})
    status, reason = job.end[0], found.get("FailureReason", "")
    if status == "Completed":
        return _wrong_result(server, job, times)
    if status == "Stopped":
        return "" if job.stop_tried else "was stopped by nobody"
    return "" if reason.startswith("InternalServerError: the local server stopped") else reason


def _wrong_result(server: LocalServer, job: Job, times: int) -> str:
    if times != 1:
        return f"is Completed and ran {times} times"
    if server.log(job.kind, job.name) != [f"started {job.name}", f"ended {job.name}"]:
        return f"is Completed and its log has {server.log(job.kind, job.name)}"
    if job.kind == "processing":
        result = server.get(f"s3://{BUCKET}/results/{job.name}/result.txt")
    else:
        archive = server.get(f"s3://{BUCKET}/models/{job.name}/output/model.tar.gz")
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            member = tar.extractfile("result.txt")
            result = member.read() if member else b""
    return "" if result == job.name.encode() else f"is Completed and left {result!r}"
