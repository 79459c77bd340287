"""The operations on tags."""

from include.local_aws.api.operation import Handler, Request
from include.local_aws.api.paging import read_token, write_token
from include.local_aws.errors import ApiError
from include.local_aws.jobs.spot import check_tags
from include.local_aws.services import Services
from include.local_aws.store import Body

_PAGE = 50  # the smallest MaxResults that is allowed
_ARN_FIELDS = {
    "training-job": "TrainingJobArn",
    "processing-job": "ProcessingJobArn",
    "transform-job": "TransformJobArn",
    "model": "ModelArn",
    "endpoint-config": "EndpointConfigArn",
    "endpoint": "EndpointArn",
    "model-package-group": "ModelPackageGroupArn",
    "model-package": "ModelPackageArn",
}


def _check(services: Services, arn: str) -> None:
    kind = arn.split(":")[-1].partition("/")[0]
    field = _ARN_FIELDS.get(kind)
    if field is None or not any(body.get(field) == arn for body in services.store.list_all(kind)):
        raise ApiError(f"Could not find the resource {arn}.", code="ResourceNotFound")


def _add(services: Services, request: Request) -> Body:
    _check(services, request["ResourceArn"])
    job = services.store.get("training-job", request["ResourceArn"].rpartition("/")[2])
    is_job = job is not None and job["TrainingJobArn"] == request["ResourceArn"]
    check_tags(request["Tags"], job if is_job else None)
    services.store.add_tags(request["ResourceArn"], request["Tags"])
    return {"Tags": services.store.tags(request["ResourceArn"])}


def _list(services: Services, request: Request) -> Body:
    _check(services, request["ResourceArn"])
    last = read_token(request["NextToken"], str)[0] if "NextToken" in request else ""
    size = request.get("MaxResults", _PAGE)
    left = [tag for tag in services.store.tags(request["ResourceArn"]) if tag["Key"] > last]
    more = {"NextToken": write_token([left[size - 1]["Key"]])} if len(left) > size else {}
    return {"Tags": left[:size], **more}


def _delete(services: Services, request: Request) -> Body:
    _check(services, request["ResourceArn"])
    services.store.remove_tags(request["ResourceArn"], request["TagKeys"])
    return {}


OPERATIONS: dict[str, Handler] = {"AddTags": _add, "ListTags": _list, "DeleteTags": _delete}
