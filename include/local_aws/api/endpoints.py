"""CreateEndpoint, UpdateEndpoint and their siblings."""

from typing import Any

from include.local_aws.api import endpoint_configs
from include.local_aws.api.listing import Listing
from include.local_aws.api.operation import Handler, Request
from include.local_aws.endpoints.manager import IN_PROGRESS, KIND
from include.local_aws.errors import ApiError
from include.local_aws.services import Services
from include.local_aws.settings import arn
from include.local_aws.store import AlreadyExists, Body


def _arn(name: str) -> str:
    return arn(f"endpoint/{name.lower()}")


def _deployment(services: Services, request: Request) -> Body:
    """What of a configuration an endpoint takes over, as it is now."""
    name = request["EndpointConfigName"]
    config = endpoint_configs.found(services, name)
    variants = services.endpoints.variants(config)
    summaries = [_summary(variant) for variant in variants]
    deployment: Body = {
        "EndpointConfigName": name,
        "ProductionVariants": summaries,
        "_variants": variants,
    }
    if "DeploymentConfig" in request:
        deployment["LastDeploymentConfig"] = request["DeploymentConfig"]
    return deployment


def _summary(variant: dict[str, Any]) -> Body:
    image = variant["model"]["image"]
    return {
        "VariantName": variant["name"],
        "DeployedImages": [{"SpecifiedImage": image, "ResolvedImage": image}],
        "CurrentWeight": variant["weight"],
        "DesiredWeight": variant["weight"],
        "CurrentInstanceCount": variant["count"],
        "DesiredInstanceCount": variant["count"],
    }


def _create(services: Services, request: Request) -> Body:
    name = request["EndpointName"]
    body = {
        "EndpointName": name,
        "EndpointArn": _arn(name),
        "EndpointStatus": "Creating",
        "Tags": request.get("Tags", []),
        **_deployment(services, request),
    }
    try:
        services.store.insert(KIND, name, body, _arn(name))
    except AlreadyExists as taken:
        raise ApiError(
            f'Cannot create already existing endpoint "{taken.body["EndpointArn"]}".'
        ) from taken
    services.endpoints.create(name)
    return {"EndpointArn": _arn(name)}


def _update(services: Services, request: Request) -> Body:
    name = request["EndpointName"]
    _found(services, request)
    deployment = _deployment(services, request)

    def updating(body: Body) -> None:
        _refuse_in_progress(body)
        if body["EndpointStatus"] == "Failed":
            raise ApiError(f'Cannot update endpoint "{_arn(name)}" in status Failed.')
        body.update(EndpointStatus="Updating", _next=deployment)
        body.pop("FailureReason", None)

    services.store.update(KIND, name, updating)
    services.endpoints.update(name)
    return {"EndpointArn": _arn(name)}


def _delete(services: Services, request: Request) -> Body:
    name = request["EndpointName"]
    _found(services, request)

    def deleting(body: Body) -> None:
        _refuse_in_progress(body)
        body["EndpointStatus"] = "Deleting"

    services.store.update(KIND, name, deleting)
    services.endpoints.delete(name)
    return {}


def _refuse_in_progress(body: Body) -> None:
    if body["EndpointStatus"] in IN_PROGRESS:
        raise ApiError(f'Cannot update in-progress endpoint "{body["EndpointArn"]}".')


def _describe(services: Services, request: Request) -> Body:
    body = _found(services, request)
    if body["EndpointStatus"] in ("Creating", "Failed"):
        body.pop("ProductionVariants", None)
    return body


def _found(services: Services, request: Request) -> Body:
    body = services.store.get(KIND, request["EndpointName"])
    if body is None:
        raise ApiError(f'Could not find endpoint "{_arn(request["EndpointName"])}".')
    return body


OPERATIONS: dict[str, Handler] = {
    "CreateEndpoint": _create,
    "DescribeEndpoint": _describe,
    "UpdateEndpoint": _update,
    "DeleteEndpoint": _delete,
    "ListEndpoints": Listing(
        kind=KIND,
        answer="Endpoints",
        name="EndpointName",
        status="EndpointStatus",
        fields=(
            "EndpointName",
            "EndpointArn",
            "EndpointStatus",
            "CreationTime",
            "LastModifiedTime",
        ),
        order="Descending",
    ).handler(),
}
