"""The operations on transform jobs."""

from include.local_aws.api.jobs import job_operations
from include.local_aws.api.jobs.data_types import check_data_type
from include.local_aws.api.operation import Handler, Request, unsupported
from include.local_aws.containers.model_container import resolve
from include.local_aws.errors import ApiError
from include.local_aws.jobs.kinds import TRANSFORM
from include.local_aws.jobs.transform import TransformJob
from include.local_aws.jobs.transforms.data_processing import DataProcessing
from include.local_aws.services import Services
from include.local_aws.store import Body

_TOTAL_MEGABYTES = 100


def _create(services: Services, request: Request) -> Body:
    _check(request)
    model = resolve(services.store, request["ModelName"])
    return job_operations.create(services, TransformJob, request, _model=model.saved())


def _check(request: Request) -> None:
    split = request["TransformInput"].get("SplitType", "None")
    if split not in ("None", "Line", "RecordIO"):
        raise unsupported(f"SplitType {split}")
    check_data_type(request["TransformInput"]["DataSource"]["S3DataSource"])
    DataProcessing.of(request)
    total = request.get("MaxConcurrentTransforms", 1) * request.get("MaxPayloadInMB", 6)
    if total > _TOTAL_MEGABYTES:
        raise ApiError(
            "MaxConcurrentTransforms * MaxPayloadInMB must not exceed "
            f"{_TOTAL_MEGABYTES} MB; it is {total} MB."
        )


OPERATIONS: dict[str, Handler] = {
    "CreateTransformJob": _create,
    "DescribeTransformJob": job_operations.describe(TRANSFORM),
    "StopTransformJob": job_operations.stop(TRANSFORM),
    "ListTransformJobs": job_operations.listing(TRANSFORM, "FailureReason"),
}
