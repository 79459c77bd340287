"""Endpoints: what a description means for the configuration to serve, and how to get there."""

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
_LONGEST_DELETION = 600  # Seconds; a failed endpoint is gone much sooner.

log = logging.getLogger(__name__)


class EndpointState(Enum):
    """Where an endpoint stands, as far as one configuration is concerned."""

    SERVING = "serves it"
    CHANGING = "is on the way to something"
    FAILED = "does not serve it and does not try to"


def state_of(description: Description, endpoint_config_name: str) -> EndpointState:
    """Classify a described endpoint.

    InService is not enough: after a rollback the endpoint is InService on what it served before.
    """
    status = description["EndpointStatus"]
    if status in CHANGING_STATES:
        return EndpointState.CHANGING
    serving = status == "InService" and description["EndpointConfigName"] == endpoint_config_name
    return EndpointState.SERVING if serving else EndpointState.FAILED


def lacked_capacity(description: Description) -> bool:
    """Tell whether an update or a creation ended, without harm, for a cause at AWS: no capacity."""
    reason = str(description.get("FailureReason") or "")
    settled = description["EndpointStatus"] in {"InService", "Failed"}
    return settled and endpoint_cause(reason) == "aws"


def endpoint_failure(
    description: Description, endpoint_config_name: str
) -> EndpointNotUpdated | EndpointInterrupted:
    """Return the error for an endpoint that does not serve a configuration."""
    name, status = description["EndpointName"], description["EndpointStatus"]
    reason = str(description.get("FailureReason") or "no reason given").rstrip(".")
    if lacked_capacity(description):
        return EndpointInterrupted(
            f"endpoint {name} is {status} and does not serve {endpoint_config_name}: {reason}. "
            "The task's next try asks for it again."
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
    """Describe an endpoint, or return None where none has that name."""
    return describe(f"endpoint {name}", client.describe_endpoint, EndpointName=name)


def check_replaced(client: Client, config: dict[str, Any], replaced: str | None) -> None:
    """Make sure that an update replaces what it was planned to replace.

    Args:
        client: A SageMaker client of boto3.
        config: The boto3 request.
        replaced: The name of the configuration that served when the update was planned; None where
            there was none, or the wanted one.

    Raises:
        EndpointChanged: The endpoint has settled on a third configuration since.
    """
    description = describe_endpoint(client, config["EndpointName"])
    unsettled = {*CHANGING_STATES, "Deleting", "Failed"}
    if description is None or description["EndpointStatus"] in unsettled:
        return
    serving = description["EndpointConfigName"]
    if serving not in {replaced, config["EndpointConfigName"]}:
        raise EndpointChanged(
            f"endpoint {description['EndpointName']} changed since this was planned: it serves "
            f"{serving}, and {replaced or 'nothing'} was to be replaced; plan again"
        )


def deploy_endpoint(client: Client, config: dict[str, Any], *, poll_interval: float = 5) -> str:
    """Bring an endpoint on the way to a configuration, and wait for nothing but a deletion.

    Args:
        client: A SageMaker client of boto3.
        config: The boto3 request: ``EndpointName``, ``EndpointConfigName``, and what else
            CreateEndpoint takes.
        poll_interval: Seconds between two looks at an endpoint that is being deleted.

    Returns:
        What was done: ``create``, ``update``, ``attach`` or ``none``.

    Raises:
        EndpointBusy: It is on the way to another configuration, which must end first.
        PermanentAwsError: AWS does not accept the request, or does not let it be made.
    """
    name, wanted = config["EndpointName"], config["EndpointConfigName"]
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
        _check_same_way(description, wanted)
        return "attach"
    if state_of(description, wanted) is EndpointState.SERVING:
        return "none"
    with _changing(client, name):
        client.update_endpoint(**{key: value for key, value in config.items() if key != "Tags"})
    return "update"


@contextmanager
def _changing(client: Client, name: str) -> Iterator[None]:
    """Tell the refusals that pass, as another change is faster, from those that last."""
    with raise_permanent_errors(f"endpoint {name}"):
        try:
            yield
        except client.exceptions.ClientError as error:
            # SageMaker reads what it has just stored, a configuration too, with some delay.
            if is_busy(error) or is_existing(error) or is_missing(error):
                told = error_message(error).rstrip(".")
                raise EndpointBusy(f"endpoint {name} cannot be changed yet: {told}") from error
            raise


def _check_same_way(description: Description, wanted: str) -> None:
    pending = description.get("PendingDeploymentSummary") or {}
    target = pending.get("EndpointConfigName") or description["EndpointConfigName"]
    if target != wanted or description["EndpointStatus"] == "RollingBack":
        raise EndpointBusy(
            f"endpoint {description['EndpointName']} is {description['EndpointStatus']} "
            f"({target}): {wanted} can follow when that is over"
        )


def _finish_deletion(client: Client, name: str, status: str, poll_interval: float) -> None:
    if status == "Failed":
        log.info("endpoint %s is Failed: deleting it to create it anew", name)
        with _changing(client, name):
            client.delete_endpoint(EndpointName=name)
    give_up = time.monotonic() + _LONGEST_DELETION
    while describe_endpoint(client, name) is not None:
        if time.monotonic() > give_up:
            raise EndpointBusy(f"endpoint {name} is being deleted for {_LONGEST_DELETION} s")
        time.sleep(poll_interval)
