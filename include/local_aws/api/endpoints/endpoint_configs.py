"""The operations on endpoint configurations."""

from include.local_aws.api.listing import Listing
from include.local_aws.api.operation import Handler, Request, unsupported
from include.local_aws.containers.model_container import resolve
from include.local_aws.errors import ApiError
from include.local_aws.services import Services
from include.local_aws.settings import arn
from include.local_aws.store import AlreadyExists, Body

KIND = "endpoint-config"


def _arn(name: str) -> str:
    return arn(f"endpoint-config/{name.lower()}")


def find_config(services: Services, name: str) -> Body:
    """Return the configuration; ApiError (ValidationException) if there is none."""
    body = services.store.get(KIND, name)
    if body is None:
        raise ApiError(f'Could not find endpoint configuration "{_arn(name)}".')
    return body


def _create(services: Services, request: Request) -> Body:
    names = [variant["VariantName"] for variant in request["ProductionVariants"]]
    if len(set(names)) != len(names):
        raise ApiError("The names of the production variants must be unique.")
    for variant in request["ProductionVariants"]:
        if "ModelName" not in variant:
            raise unsupported("a production variant without ModelName")
        resolve(services.store, variant["ModelName"])
        variant.setdefault("InitialVariantWeight", 1.0)
    name = request["EndpointConfigName"]
    try:
        services.store.insert(KIND, name, {**request, "EndpointConfigArn": _arn(name)}, _arn(name))
    except AlreadyExists as taken:
        raise ApiError(
            "Cannot create already existing endpoint configuration "
            f'"{taken.body["EndpointConfigArn"]}".'
        ) from taken
    return {"EndpointConfigArn": _arn(name)}


def _describe(services: Services, request: Request) -> Body:
    return find_config(services, request["EndpointConfigName"])


def _delete(services: Services, request: Request) -> Body:
    body = _describe(services, request)
    services.store.delete(KIND, body["EndpointConfigName"], body["EndpointConfigArn"])
    return {}


OPERATIONS: dict[str, Handler] = {
    "CreateEndpointConfig": _create,
    "DescribeEndpointConfig": _describe,
    "DeleteEndpointConfig": _delete,
    "ListEndpointConfigs": Listing(
        kind=KIND,
        answer="EndpointConfigs",
        name="EndpointConfigName",
        fields=("EndpointConfigName", "EndpointConfigArn", "CreationTime"),
        order="Descending",
    ).handler(),
}
