"""Checks of the server after a kill: durability, single execution, job ends, clean-up."""

import io
import sqlite3
import tarfile
import time
from collections import Counter
from pathlib import Path

from botocore.exceptions import ClientError

from include.local_aws.processes.leftovers import find_leftovers
from tests.include.local_aws.kills.acknowledged import Acknowledged, Job, object_content
from tests.include.local_aws.kills.load import ENDPOINT, observe_job
from tests.include.local_aws.local_server import BUCKET, LocalServer

_JOBS_TIMEOUT = 120.0  # seconds until all jobs have ended


def check_durability(
    server: LocalServer, record: Acknowledged, configs: list[str], jobs: list[Job]
) -> None:
    """Check that no acknowledged write is lost: jobs, objects, tags and the endpoint.

    Args:
        server: The server, restarted after a kill.
        record: What the server acknowledged; violations are added to it.
        configs: Names of the endpoint configurations, by version.
        jobs: The jobs to check; the checks of objects and tags cover all of them.
    """
    for job in jobs:
        observe_job(server, record, job)
    for key, versions in record.objects.items():
        _report(record, key, versions.reconcile(_object_version(server, key)))
    for arn, versions in record.tags.items():
        tags = server.sagemaker.list_tags(ResourceArn=arn)["Tags"]
        values = {tag["Key"]: tag["Value"] for tag in tags}
        _report(record, arn, versions.reconcile(int(values.get("version", 0))))
    check_endpoint(server, record, configs)


def check_endpoint(server: LocalServer, record: Acknowledged, configs: list[str]) -> None:
    """Check that the endpoint has the configuration of the last update, and serves its model.

    Args:
        server: The server.
        record: What the server acknowledged; violations are added to it.
        configs: Names of the endpoint configurations, by version.
    """
    found = server.wait_for_endpoint(ENDPOINT)
    status, config = found["EndpointStatus"], found["EndpointConfigName"]
    if status != "InService":
        record.add_violation(f"the endpoint is {status}: {found.get('FailureReason')}")
        return
    index = configs.index(config)
    candidates = (record.endpoint.attempted, record.endpoint.acknowledged)
    version = next((v for v in candidates if v % len(configs) == index), None)
    _report(record, "the endpoint", record.endpoint.reconcile(version))
    response = server.invoke(ENDPOINT, b"photo")
    if response["version"] != str(index):
        record.add_violation(f"the endpoint has {config}, and model {response['version']} responds")


def check_single_execution(record: Acknowledged, runs: Path) -> Counter[str]:
    """Check that no job has run twice.

    Args:
        record: What the server acknowledged; violations are added to it.
        runs: The file to which `program.py` appends a job's name at each start.

    Returns:
        How many times each job has run.
    """
    starts = Counter(runs.read_text().split() if runs.exists() else [])
    for name, count in starts.items():
        if count > 1:
            record.add_violation(f"{name}: ran {count} times")
    return starts


def check_job_ends(server: LocalServer, record: Acknowledged, runs: Path) -> None:
    """Wait until all jobs have ended, and check their results or failure reasons.

    Args:
        server: The server.
        record: What the server acknowledged; violations are added to it.
        runs: See `check_single_execution`.
    """
    deadline = time.monotonic() + _JOBS_TIMEOUT
    while (unfinished := record.unfinished_jobs()) and time.monotonic() < deadline:
        for job in unfinished:
            observe_job(server, record, job)
    starts = check_single_execution(record, runs)
    for job in record.jobs.values():
        _report(record, f"{job.name}:", _job_problem(server, job, starts[job.name]))


def check_stopped(record: Acknowledged, root: Path) -> None:
    """Check a stopped server: no processes, no files of jobs, and an intact state database.

    Args:
        record: What the server acknowledged; violations are added to it.
        root: The server's state folder.
    """
    if processes := find_leftovers(root):
        record.add_violation(f"processes still run after the stop: {processes}")
    if files := [path for path in (root / "work").rglob("*") if path.is_file()]:
        record.add_violation(f"files of jobs remain after the stop: {files[:3]}")
    with sqlite3.connect(root / "state.sqlite") as db:
        (result,) = db.execute("pragma integrity_check").fetchone()
    if result != "ok":
        record.add_violation(f"the state database is damaged: {result}")


def _report(record: Acknowledged, resource: str, problem: str) -> None:
    if problem:
        record.add_violation(f"{resource} {problem}")


def _object_version(server: LocalServer, key: str) -> int | None:
    """Return an object's version: 0 if it does not exist, None if its content is wrong."""
    try:
        found = server.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    except ClientError as error:
        return 0 if error.response["Error"]["Code"] == "NoSuchKey" else None
    version = int(found[:8]) if found[:8].isdigit() else -1
    return version if found == object_content(key, version) else None


def _job_problem(server: LocalServer, job: Job, runs: int) -> str:
    """Return what is wrong with a job's end, or ""."""
    if job.end is None:
        return f"has not ended in {_JOBS_TIMEOUT:.0f} s"
    word = job.kind.capitalize()
    found = getattr(server.sagemaker, f"describe_{job.kind}_job")(**{f"{word}JobName": job.name})
    status, reason = job.end[0], found.get("FailureReason", "")
    if status == "Completed":
        return _result_problem(server, job, runs)
    if status == "Stopped":
        return "" if job.stop_attempted else "is Stopped without a stop request"
    return "" if reason.startswith("InternalServerError: the local server stopped") else reason


def _result_problem(server: LocalServer, job: Job, runs: int) -> str:
    """Return what is wrong with a completed job's log or result, or ""."""
    if runs != 1:
        return f"is Completed and ran {runs} times"
    if server.log(job.kind, job.name) != [f"started {job.name}", f"ended {job.name}"]:
        return f"is Completed, and its log is {server.log(job.kind, job.name)}"
    if job.kind == "processing":
        result = server.get(f"s3://{BUCKET}/results/{job.name}/result.txt")
    else:
        archive = server.get(f"s3://{BUCKET}/models/{job.name}/output/model.tar.gz")
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            member = tar.extractfile("result.txt")
            result = member.read() if member else b""
    return "" if result == job.name.encode() else f"is Completed, and its result is {result!r}"
