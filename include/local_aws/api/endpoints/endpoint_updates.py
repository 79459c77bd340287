"""UpdateEndpoint and UpdateEndpointWeightsAndCapacities: the intent, checked and written."""

import time

from include.local_aws.api.endpoints import endpoint_configs
from include.local_aws.api.endpoints.endpoint_states import begin, endpoint_arn, found
from include.local_aws.api.operation import Handler, Request, unsupported
from include.local_aws.endpoints.endpoint import KIND
from include.local_aws.endpoints.plan import Plan
from include.local_aws.endpoints.summary import variant_summary, with_status
from include.local_aws.errors import ApiError
from include.local_aws.services import Services
from include.local_aws.store import Body


def deployment_of(services: Services, request: Request, now: Body | None = None) -> Body:
    """What of a configuration an endpoint takes over, as it is now.

    Args:
        services: where the configuration is.
        request: names it, and says how to get there.
        now: the endpoint as it is, whose variants' properties may be kept.
    """
    name = request["EndpointConfigName"]
    variants = services.endpoints.variants(endpoint_configs.found(services, name))
    if now is not None and request.get("RetainAllVariantProperties"):
        _retain(variants, now["_variants"], request)
    config = request.get("DeploymentConfig")
    if config is None and now is not None and request.get("RetainDeploymentConfig"):
        config = now.get("LastDeploymentConfig")
    _check_alarms(services, Plan.of(config, variants))
    deployment: Body = {
        "EndpointConfigName": name,
        "ProductionVariants": [variant_summary(variant) for variant in variants],
        "_variants": variants,
        "_deployment_config": config,
        "_started": time.time(),
    }
    return deployment | ({"LastDeploymentConfig": config} if config else {})


def _retain(variants: list[Body], now: list[Body], request: Request) -> None:
    """Give variants the weights and counts of those of the same names, unless excluded."""
    excluded = request.get("ExcludeRetainedVariantProperties", [])
    changed = {each["VariantPropertyType"] for each in excluded}
    kept = {"DesiredWeight": "weight", "DesiredInstanceCount": "count"}
    fields = [field for name, field in kept.items() if name not in changed]
    present = {variant["name"]: variant for variant in now}
    for variant in variants:
        variant.update(
            {f: present[variant["name"]][f] for f in fields if variant["name"] in present}
        )


def _check_alarms(services: Services, plan: Plan) -> None:
    unknown = services.runtime.alarms.unknown(plan.alarms) if plan.alarms else []
    if unknown:
        raise ApiError(f"Could not find the CloudWatch alarms {', '.join(unknown)}.")


def _update(services: Services, request: Request) -> Body:
    name = request["EndpointName"]
    deployment = deployment_of(services, request, found(services, name))
    services.store.update(KIND, name, lambda body: begin(body, deployment))
    services.endpoints.update(name)
    return {"EndpointArn": endpoint_arn(name)}


def _rescale(services: Services, request: Request) -> Body:
    wanted = {each["VariantName"]: each for each in request["DesiredWeightsAndCapacities"]}

    def rescaling(body: Body) -> None:
        old = body["_variants"]
        _check_wanted(wanted, [variant["name"] for variant in old])
        new = [_rescaled(variant, wanted.get(variant["name"], {})) for variant in old]
        deployment = {
            "EndpointConfigName": body["EndpointConfigName"],
            "ProductionVariants": [variant_summary(variant) for variant in new],
            "_variants": new,
            "_started": time.time(),
            "_in_place": True,
        }
        begin(body, deployment)
        del body["PendingDeploymentSummary"]  # no other configuration is deployed
        shown = [variant_summary(now, then) for now, then in zip(new, old, strict=True)]
        body["ProductionVariants"] = with_status(shown, "Updating")

    name = request["EndpointName"]
    found(services, name)
    services.store.update(KIND, name, rescaling)
    services.endpoints.rescale(name)
    return {"EndpointArn": endpoint_arn(name)}


def _check_wanted(wanted: dict[str, Body], names: list[str]) -> None:
    for name, change in wanted.items():
        if name not in names:
            raise ApiError(f'Could not find variant "{name}".')
        if change.get("DesiredInstanceCount") == 0:
            raise ApiError(f"The desired instance count of variant {name} must be at least 1.")
        if "ServerlessUpdateConfig" in change:
            raise unsupported("ServerlessUpdateConfig")


def _rescaled(variant: Body, change: Body) -> Body:
    return {
        **variant,
        "weight": change.get("DesiredWeight", variant["weight"]),
        "count": change.get("DesiredInstanceCount", variant["count"]),
    }


OPERATIONS: dict[str, Handler] = {
    "UpdateEndpoint": _update,
    "UpdateEndpointWeightsAndCapacities": _rescale,
}
