"""Endpoint updates: whether an endpoint serves a configuration, and how to deploy it."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Any

from sagemaker_jobs.aws_errors import Client, error_message, is_busy, is_existing, is_missing
from sagemaker_jobs.errors import (
    EndpointBusy,
    EndpointChanged,
    EndpointInterrupted,
    EndpointNotUpdated,
)
from sagemaker_jobs.failure_reasons import endpoint_cause
from sagemaker_jobs.jobs.kinds import Description
from sagemaker_jobs.permanent_errors import describe, raise_permanent_errors

CHANGING_STATES = frozenset({"Creating", "Updating", "SystemUpdating", "RollingBack"})

_ABSENT = "absent"
_DELETION_TIMEOUT = 600  # Seconds; the deletion of a failed endpoint takes much less.

log = logging.getLogger(__name__)


class EndpointState(Enum):
    """The state of an endpoint with regard to one configuration."""

    SERVING = "serves it"
    CHANGING = "is changing"
    FAILED = "does not serve it, and no change is in progress"


def state_of(description: Description, endpoint_config_name: str) -> EndpointState:
    """Classify a described endpoint.

    InService is not enough: after a rollback the endpoint is InService on its former configuration.
    """
    status = description["EndpointStatus"]
    if status in CHANGING_STATES:
        return EndpointState.CHANGING
    serving = status == "InService" and description["EndpointConfigName"] == endpoint_config_name
    return EndpointState.SERVING if serving else EndpointState.FAILED


def lacked_capacity(description: Description) -> bool:
    """Return whether a creation or an update failed for a cause at AWS, as a lack of capacity."""
    reason = str(description.get("FailureReason") or "")
    settled = description["EndpointStatus"] in {"InService", "Failed"}
    return settled and endpoint_cause(reason) == "aws"


def endpoint_failure(
    description: Description, endpoint_config_name: str
) -> EndpointNotUpdated | EndpointInterrupted:
    """Return the error for an endpoint that does not serve the configuration."""
    name, status = description["EndpointName"], description["EndpointStatus"]
    reason = str(description.get("FailureReason") or "no reason given").rstrip(".")
    if lacked_capacity(description):
        return EndpointInterrupted(
            f"endpoint {name} is {status} and does not serve {endpoint_config_name}: {reason}. "
            "The task's next try repeats the update."
        )
    if status == "InService":
        return EndpointNotUpdated(
            f"endpoint {name} was rolled back: it serves {description['EndpointConfigName']}, not "
            f"{endpoint_config_name}: {reason}"
        )
    return EndpointNotUpdated(
        f"endpoint {name} is {status} and does not serve {endpoint_config_name}: {reason}"
    )


def describe_endpoint(client: Client, name: str) -> Description | None:
    """Return the description of an endpoint, or None if it does not exist."""
    return describe(f"endpoint {name}", client.describe_endpoint, EndpointName=name)


def check_replaced(client: Client, config: dict[str, Any], replaced: str | None) -> None:
    """Check that an update replaces the configuration that it was planned to replace.

    Args:
        client: A SageMaker client of boto3.
        config: The boto3 request.
        replaced: The name of the configuration that served when the update was planned; None if
            there was no endpoint, or it served the requested configuration.

    Raises:
        EndpointChanged: The endpoint serves a third configuration by now.
    """
    description = describe_endpoint(client, config["EndpointName"])
    unsettled = {*CHANGING_STATES, "Deleting", "Failed"}
    if description is None or description["EndpointStatus"] in unsettled:
        return
    serving = description["EndpointConfigName"]
    if serving not in {replaced, config["EndpointConfigName"]}:
        raise EndpointChanged(
            f"endpoint {description['EndpointName']} changed since this was planned: it serves "
            f"{serving}, but the plan was to replace {replaced or 'nothing'}; plan again"
        )


def deploy_endpoint(client: Client, config: dict[str, Any], *, poll_interval: float = 5) -> str:
    """Create or update an endpoint without waiting for the end, except for the end of a deletion.

    Args:
        client: A SageMaker client of boto3.
        config: The boto3 request of CreateEndpoint, with ``DeploymentConfig`` for updates.
        poll_interval: Seconds between two polls of an endpoint that is being deleted.

    Returns:
        The operation: ``create``, ``update``, ``attach`` or ``none``.

    Raises:
        EndpointBusy: A change to another configuration is in progress.
        PermanentAwsError: AWS does not accept the request, or does not allow it.
    """
    name, config_name = config["EndpointName"], config["EndpointConfigName"]
    description = describe_endpoint(client, name)
    status = description["EndpointStatus"] if description else _ABSENT
    if status in {"Failed", "Deleting"}:
        _finish_deletion(client, name, status, poll_interval)
        status = _ABSENT
    if description is None or status == _ABSENT:
        with _changing(client, name):
            client.create_endpoint(**config)
        return "create"
    if status in CHANGING_STATES:
        _check_target(description, config_name)
        return "attach"
    if state_of(description, config_name) is EndpointState.SERVING:
        return "none"
    with _changing(client, name):
        client.update_endpoint(**{key: value for key, value in config.items() if key != "Tags"})
    return "update"


@contextmanager
def _changing(client: Client, name: str) -> Iterator[None]:
    """Raise `EndpointBusy` if another change is in progress, and permanent errors as such."""
    with raise_permanent_errors(f"endpoint {name}"):
        try:
            yield
        except client.exceptions.ClientError as error:
            # SageMaker may not find a configuration that was created just before.
            if is_busy(error) or is_existing(error) or is_missing(error):
                reason = error_message(error).rstrip(".")
                raise EndpointBusy(f"endpoint {name} cannot be changed yet: {reason}") from error
            raise


def _check_target(description: Description, config_name: str) -> None:
    pending = description.get("PendingDeploymentSummary") or {}
    target = pending.get("EndpointConfigName") or description["EndpointConfigName"]
    if target != config_name or description["EndpointStatus"] == "RollingBack":
        raise EndpointBusy(
            f"endpoint {description['EndpointName']} is {description['EndpointStatus']} "
            f"({target}): {config_name} can be deployed when that change has ended"
        )


def _finish_deletion(client: Client, name: str, status: str, poll_interval: float) -> None:
    if status == "Failed":
        log.info("endpoint %s is Failed: deleting it to create it again", name)
        with _changing(client, name):
            client.delete_endpoint(EndpointName=name)
    deadline = time.monotonic() + _DELETION_TIMEOUT
    while describe_endpoint(client, name) is not None:
        if time.monotonic() > deadline:
            raise EndpointBusy(
                f"endpoint {name} is still being deleted after {_DELETION_TIMEOUT} s"
            )
        time.sleep(poll_interval)
