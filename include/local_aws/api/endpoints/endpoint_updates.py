"""UpdateEndpoint and UpdateEndpointWeightsAndCapacities."""

import time

from include.local_aws.api.endpoints import endpoint_configs
from include.local_aws.api.endpoints.endpoint_states import (
    begin_update,
    endpoint_arn,
    find_endpoint,
)
from include.local_aws.api.operation import Handler, Request, unsupported
from include.local_aws.endpoints.endpoint import KIND
from include.local_aws.endpoints.plan import Plan
from include.local_aws.endpoints.summary import variant_summary, with_status
from include.local_aws.errors import ApiError
from include.local_aws.services import Services
from include.local_aws.store import Body


def create_deployment(services: Services, request: Request, endpoint: Body | None = None) -> Body:
    """Return the fields of an endpoint's body for a new configuration.

    Args:
        services: The services, whose store has the configuration.
        request: The request, which names the configuration and the DeploymentConfig.
        endpoint: The existing endpoint, from which the request may retain properties.
    """
    name = request["EndpointConfigName"]
    variants = services.endpoints.variants(endpoint_configs.find_config(services, name))
    if endpoint is not None and request.get("RetainAllVariantProperties"):
        _retain(variants, endpoint["_variants"], request)
    config = request.get("DeploymentConfig")
    if config is None and endpoint is not None and request.get("RetainDeploymentConfig"):
        config = endpoint.get("LastDeploymentConfig")
    _check_alarms(services, Plan.from_config(config, variants))
    deployment: Body = {
        "EndpointConfigName": name,
        "ProductionVariants": [variant_summary(variant) for variant in variants],
        "_variants": variants,
        "_deployment_config": config,
        "_started": time.time(),
    }
    return deployment | ({"LastDeploymentConfig": config} if config else {})


def _retain(variants: list[Body], current: list[Body], request: Request) -> None:
    """Copy weights and counts from current variants of the same names, unless excluded."""
    properties = request.get("ExcludeRetainedVariantProperties", [])
    excluded = {variant_property["VariantPropertyType"] for variant_property in properties}
    retained = {"DesiredWeight": "weight", "DesiredInstanceCount": "count"}
    fields = [field for name, field in retained.items() if name not in excluded]
    by_name = {variant["name"]: variant for variant in current}
    for variant in variants:
        if variant["name"] in by_name:
            variant.update({field: by_name[variant["name"]][field] for field in fields})


def _check_alarms(services: Services, plan: Plan) -> None:
    unknown = services.runtime.alarms.missing(plan.alarms) if plan.alarms else []
    if unknown:
        raise ApiError(f"Could not find the CloudWatch alarms {', '.join(unknown)}.")


def _update(services: Services, request: Request) -> Body:
    name = request["EndpointName"]
    deployment = create_deployment(services, request, find_endpoint(services, name))
    services.store.update(KIND, name, lambda body: begin_update(body, deployment))
    services.endpoints.update(name)
    return {"EndpointArn": endpoint_arn(name)}


def _rescale(services: Services, request: Request) -> Body:
    changes = {change["VariantName"]: change for change in request["DesiredWeightsAndCapacities"]}

    def change_body(body: Body) -> None:
        old = body["_variants"]
        _check_changes(changes, [variant["name"] for variant in old])
        new = [_rescale_variant(variant, changes.get(variant["name"], {})) for variant in old]
        deployment = {
            "EndpointConfigName": body["EndpointConfigName"],
            "ProductionVariants": [variant_summary(variant) for variant in new],
            "_variants": new,
            "_started": time.time(),
            "_in_place": True,
        }
        begin_update(body, deployment)
        del body["PendingDeploymentSummary"]  # no other configuration is deployed
        summaries = [variant_summary(*pair) for pair in zip(new, old, strict=True)]
        body["ProductionVariants"] = with_status(summaries, "Updating")

    name = request["EndpointName"]
    find_endpoint(services, name)
    services.store.update(KIND, name, change_body)
    services.endpoints.rescale(name)
    return {"EndpointArn": endpoint_arn(name)}


def _check_changes(changes: dict[str, Body], names: list[str]) -> None:
    for name, change in changes.items():
        if name not in names:
            raise ApiError(f'Could not find variant "{name}".')
        if change.get("DesiredInstanceCount") == 0:
            raise ApiError(f"The desired instance count of variant {name} must be at least 1.")
        if "ServerlessUpdateConfig" in change:
            raise unsupported("ServerlessUpdateConfig")


def _rescale_variant(variant: Body, change: Body) -> Body:
    return {
        **variant,
        "weight": change.get("DesiredWeight", variant["weight"]),
        "count": change.get("DesiredInstanceCount", variant["count"]),
    }


OPERATIONS: dict[str, Handler] = {
    "UpdateEndpoint": _update,
    "UpdateEndpointWeightsAndCapacities": _rescale,
}
