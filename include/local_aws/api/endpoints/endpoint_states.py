"""Checks of an endpoint's state that its operations share."""

from include.local_aws.endpoints.endpoint import KIND
from include.local_aws.endpoints.manager import IN_PROGRESS
from include.local_aws.endpoints.summary import pending
from include.local_aws.errors import ApiError
from include.local_aws.services import Services
from include.local_aws.settings import arn
from include.local_aws.store import Body


def endpoint_arn(name: str) -> str:
    """Return the ARN of an endpoint."""
    return arn(f"endpoint/{name.lower()}")


def find_endpoint(services: Services, name: str) -> Body:
    """Return the endpoint; ApiError (ValidationException) if there is none."""
    body = services.store.get(KIND, name)
    if body is None:
        raise ApiError(f'Could not find endpoint "{endpoint_arn(name)}".')
    return body


def refuse_in_progress(body: Body) -> None:
    """Refuse a change while another one is in progress."""
    if body["EndpointStatus"] in IN_PROGRESS:
        raise ApiError(f'Cannot update in-progress endpoint "{body["EndpointArn"]}".')


def begin_update(body: Body, deployment: Body) -> None:
    """Write the next deployment into the endpoint's body; ApiError if it cannot be updated now."""
    refuse_in_progress(body)
    if body["EndpointStatus"] == "Failed":
        raise ApiError(f'Cannot update endpoint "{body["EndpointArn"]}" in status Failed.')
    body.update(
        EndpointStatus="Updating",
        PendingDeploymentSummary=pending(deployment, "Creating"),
        _next=deployment,
    )
    body.pop("FailureReason", None)
