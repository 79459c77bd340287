"""The operations on models."""

from include.local_aws.api.listing import Listing
from include.local_aws.api.operation import Handler, Request, unsupported
from include.local_aws.api.unsupported_members import refuse_unsupported
from include.local_aws.containers.model_container import package_container
from include.local_aws.errors import ApiError
from include.local_aws.services import Services
from include.local_aws.settings import arn
from include.local_aws.store import AlreadyExists, Body


def _arn(name: str) -> str:
    return arn(f"model/{name.lower()}")


def _create(services: Services, request: Request) -> Body:
    containers = [c for c in [request.get("PrimaryContainer")] if c] + request.get("Containers", [])
    if len(containers) != 1:
        raise unsupported("a model without exactly one container")
    _check_container(services, containers[0])
    name = request["ModelName"]
    try:
        services.store.insert("model", name, {**request, "ModelArn": _arn(name)}, _arn(name))
    except AlreadyExists as taken:
        raise ApiError(
            f'Cannot create already existing model "{taken.body["ModelArn"]}".'
        ) from taken
    return {"ModelArn": _arn(name)}


def _check_container(services: Services, container: Request) -> None:
    if container.get("Mode", "SingleModel") != "SingleModel":
        raise unsupported("MultiModel containers")
    if "ModelPackageName" in container:
        packaged = package_container(services.store, container["ModelPackageName"])
        refuse_unsupported("CreateModel", {"PrimaryContainer": packaged})
    elif "Image" not in container:
        raise ApiError("A container needs an Image or a ModelPackageName.")
    url = container.get("ModelDataUrl")
    if url and not services.runtime.objects.any_under(url):
        raise ApiError(
            f"Could not find model data at {url}. Please make sure that the object exists."
        )


def _describe(services: Services, request: Request) -> Body:
    body = services.store.get("model", request["ModelName"])
    if body is None:
        raise ApiError(f'Could not find model "{_arn(request["ModelName"])}".')
    return body


def _delete(services: Services, request: Request) -> Body:
    body = _describe(services, request)
    services.store.delete("model", body["ModelName"], body["ModelArn"])
    return {}


OPERATIONS: dict[str, Handler] = {
    "CreateModel": _create,
    "DescribeModel": _describe,
    "DeleteModel": _delete,
    "ListModels": Listing(
        kind="model",
        answer="Models",
        name="ModelName",
        fields=("ModelName", "ModelArn", "CreationTime"),
        order="Descending",
    ).handler(),
}
