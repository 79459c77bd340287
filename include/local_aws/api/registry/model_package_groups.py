"""The operations on model package groups."""

from include.local_aws.api.listing import Listing
from include.local_aws.api.operation import Handler, Request
from include.local_aws.errors import ApiError
from include.local_aws.services import Services
from include.local_aws.settings import ACCOUNT, arn
from include.local_aws.store import AlreadyExists, Body

KIND = "model-package-group"


def group_name(name_or_arn: str) -> str:
    """Return the name of a group that is given by name or ARN."""
    return name_or_arn.rpartition("/")[2]


def _arn(name: str) -> str:
    return arn(f"model-package-group/{name}")


def find_group(services: Services, name_or_arn: str) -> Body:
    """Return the group; ApiError (ValidationException) if there is none."""
    name = group_name(name_or_arn)
    body = services.store.get(KIND, name)
    if body is None:
        raise ApiError(f"ModelPackageGroup {_arn(name)} does not exist.")
    return body


def _create(services: Services, request: Request) -> Body:
    name = request["ModelPackageGroupName"]
    body = {
        **request,
        "ModelPackageGroupArn": _arn(name),
        "ModelPackageGroupStatus": "Completed",
        "CreatedBy": {"UserProfileName": ACCOUNT},
    }
    try:
        services.store.insert(KIND, name, body, _arn(name))
    except AlreadyExists as taken:
        raise ApiError(f"Model Package Group already exists: {_arn(name)}") from taken
    return {"ModelPackageGroupArn": _arn(name)}


def _describe(services: Services, request: Request) -> Body:
    return find_group(services, request["ModelPackageGroupName"])


def _delete(services: Services, request: Request) -> Body:
    name = find_group(services, request["ModelPackageGroupName"])["ModelPackageGroupName"]
    packages = services.store.list_all("model-package")
    if any(package.get("ModelPackageGroupName") == name for package in packages):
        raise ApiError(
            f"ModelPackageGroup {_arn(name)} cannot be deleted: it contains model packages.",
            code="ConflictException",
        )
    services.store.delete(KIND, name, _arn(name))
    return {}


OPERATIONS: dict[str, Handler] = {
    "CreateModelPackageGroup": _create,
    "DescribeModelPackageGroup": _describe,
    "DeleteModelPackageGroup": _delete,
    "ListModelPackageGroups": Listing(
        kind=KIND,
        answer="ModelPackageGroupSummaryList",
        name="ModelPackageGroupName",
        fields=(
            "ModelPackageGroupName",
            "ModelPackageGroupArn",
            "ModelPackageGroupDescription",
            "CreationTime",
            "ModelPackageGroupStatus",
        ),
        extra=lambda body, request: request.get("CrossAccountFilterOption") != "CrossAccount",
    ).handler(),
}
