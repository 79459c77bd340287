"""The operations on endpoints."""

from include.local_aws.api.endpoints import endpoint_updates
from include.local_aws.api.endpoints.endpoint_states import (
    endpoint_arn,
    find_endpoint,
    refuse_in_progress,
)
from include.local_aws.api.listing import Listing
from include.local_aws.api.operation import Handler, Request
from include.local_aws.endpoints.endpoint import KIND
from include.local_aws.endpoints.summary import pending
from include.local_aws.errors import ApiError
from include.local_aws.services import Services
from include.local_aws.store import AlreadyExists, Body


def _create(services: Services, request: Request) -> Body:
    name = request["EndpointName"]
    deployment = endpoint_updates.create_deployment(services, request)
    body = {
        "EndpointName": name,
        "EndpointArn": endpoint_arn(name),
        "EndpointStatus": "Creating",
        "Tags": request.get("Tags", []),
        "PendingDeploymentSummary": pending(deployment, "Creating"),
        **deployment,
    }
    try:
        services.store.insert(KIND, name, body, endpoint_arn(name))
    except AlreadyExists as taken:
        raise ApiError(
            f'Cannot create already existing endpoint "{taken.body["EndpointArn"]}".'
        ) from taken
    services.endpoints.create(name)
    return {"EndpointArn": endpoint_arn(name)}


def _delete(services: Services, request: Request) -> Body:
    name = request["EndpointName"]
    find_endpoint(services, name)

    def set_deleting(body: Body) -> None:
        refuse_in_progress(body)
        body["EndpointStatus"] = "Deleting"

    services.store.update(KIND, name, set_deleting)
    services.endpoints.delete(name)
    return {}


def _describe(services: Services, request: Request) -> Body:
    body = find_endpoint(services, request["EndpointName"])
    if body["EndpointStatus"] in ("Creating", "Failed"):
        body.pop("ProductionVariants", None)
    return body


OPERATIONS: dict[str, Handler] = {
    "CreateEndpoint": _create,
    "DescribeEndpoint": _describe,
    **endpoint_updates.OPERATIONS,
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
