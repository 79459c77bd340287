"""One task of batch inference in a process of its own: `python -m ... <task> <address>`.

It prints the task's CPU seconds and the process's peak of memory in MB, as JSON.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from typing import Any

from benchmarks.batch_tasks.bucket import LAYOUT
from include.config import Deployment, find_pipeline

BATCH, JOB = "20270101T000000-00000000", "stanford-cars-select-0"
SUMMARY = {"job_name": JOB, "seconds": 1, "outputs": {"transform": "s3://t", "result": "s3://r"}}
DEPLOYMENT = Deployment(
    name="local",
    bucket=LAYOUT.bucket,
    role_arn="arn:aws:iam::123456789012:role/jobs",
    image_uri="image:1",
    region="us-east-1",
)


def plan(s3: Any) -> bool:
    """Look for new images, as `plan` does; return whether there may be any."""
    from include.decisions.batch.unchanged import all_processed

    return not all_processed(s3, LAYOUT)


def plan_transform(s3: Any) -> bool:
    """Read the selection, and make the requests."""
    from include.decisions.batch.plan import batch_requests, decide_batch, read_selection
    from include.decisions.registry.packages import Package

    package = Package("arn:x/1", "Approved", "image:1", "s3://b/m", {"dataset_version": "d1"})
    selection = read_selection(s3, LAYOUT, JOB)
    pipeline = find_pipeline("stanford_cars")
    batch_requests(s3, LAYOUT, pipeline, DEPLOYMENT, BATCH, package)
    return decide_batch(selection, "").go


def publish(s3: Any) -> bool:
    """Write the record of a batch."""
    from include.decisions.batch.plan import read_selection
    from include.decisions.batch.publish import decide_publish, plan_publish, publish_batch

    recorded = read_selection(s3, LAYOUT, JOB).recorded
    publication = plan_publish(s3, LAYOUT, BATCH, recorded)
    publish_batch(s3, LAYOUT, publication, "arn:x/1", SUMMARY, SUMMARY)
    return decide_publish(publication).go


TASKS = {"plan": plan, "plan_transform": plan_transform, "publish": publish}


def main(task: str, address: str) -> None:
    """Run a task, and print what it used."""
    import boto3

    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": "us-east-1"}
    s3 = boto3.client("s3", endpoint_url=address, **keys)
    started = time.process_time()
    result = TASKS[task](s3)
    seconds = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"cpu_seconds": round(seconds, 2), "megabytes": round(peak), "go": result}))


if __name__ == "__main__":
    main(*sys.argv[1:])
