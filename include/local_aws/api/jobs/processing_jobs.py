"""The operations on processing jobs."""

import os

from include.local_aws.api.jobs import job_operations
from include.local_aws.api.jobs.data_types import check_data_type
from include.local_aws.api.jobs.instances import check_instances
from include.local_aws.api.operation import Handler, Request, unsupported
from include.local_aws.containers.container import OPT_ML
from include.local_aws.errors import ApiError
from include.local_aws.jobs.job import MAX_RUNTIME
from include.local_aws.jobs.kinds import PROCESSING
from include.local_aws.jobs.processing import ProcessingJob
from include.local_aws.services import Services
from include.local_aws.store import Body

_DEFAULTS = {"StoppingCondition": {"MaxRuntimeInSeconds": MAX_RUNTIME}}


def _create(services: Services, request: Request) -> Body:
    cluster = request["ProcessingResources"]["ClusterConfig"]
    if not {"InstanceCount", "InstanceType"} <= cluster.keys():
        raise unsupported("a processing job without InstanceCount and InstanceType")
    check_instances("processing", cluster["InstanceCount"])
    inputs = [i.get("S3Input") for i in request.get("ProcessingInputs", [])]
    outputs = [
        o.get("S3Output") for o in request.get("ProcessingOutputConfig", {}).get("Outputs", [])
    ]
    for location in [*inputs, *outputs]:
        if location is None:
            raise unsupported("a processing input or output that is not S3Input or S3Output")
        _check_path(location.get("LocalPath", ""))
    for source in filter(None, inputs):
        check_data_type(source)
        if source.get("S3InputMode", "File") != "File":
            raise unsupported("S3InputMode Pipe in a processing job: set File")
    return job_operations.create(services, ProcessingJob, {**_DEFAULTS, **request})


def _check_path(path: str) -> None:
    if not f"{os.path.normpath(path)}/".startswith(f"{OPT_ML}/processing/"):
        raise ApiError(f"Invalid LocalPath {path!r}: it must start with {OPT_ML}/processing")


OPERATIONS: dict[str, Handler] = {
    "CreateProcessingJob": _create,
    "DescribeProcessingJob": job_operations.describe(PROCESSING),
    "StopProcessingJob": job_operations.stop(PROCESSING),
    "ListProcessingJobs": job_operations.listing(PROCESSING, "FailureReason", "ExitMessage"),
}
