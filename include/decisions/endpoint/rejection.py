"""An endpoint update failed: is the model at fault, and has the former one to come back?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from include.decisions.decision import Decision
from include.decisions.registry.serving_model import CHANGING_STATES, EndpointStatus

STUCK_STATES = frozenset({"OutOfService", "UpdateRollbackFailed"})

Cause = Literal["aws", "model", "unknown"]
"""Why AWS says that an update failed: `sagemaker_jobs.failure_reasons` has the meaning of each."""


@dataclass(frozen=True)
class Rejection:
    """What follows from a failed update.

    Attributes:
        reject: Whether the package must not serve, and why.
        restore: Whether an endpoint configuration has to be deployed again, and why.
        endpoint_config: Its name, where there is one.
    """

    reject: Decision
    restore: Decision
    endpoint_config: str | None


def decide_rejection(
    endpoint: EndpointStatus | None,
    planned: Mapping[str, Any] | None,
    deployed: bool,
    failed_test: str | None,
    cause: Cause,
) -> Rejection:
    """Judge what a run that failed left behind.

    Args:
        endpoint: What the endpoint is now; None where there is none.
        planned: What the run meant to deploy: the request `endpoint`, and as `previous` the name
            of the configuration that served before, if another one did. None where it planned
            nothing.
        deployed: Whether the run asked AWS for it.
        failed_test: What the smoke test found wrong with the answers; None where it did not come
            to ask, or could not.
        cause: What the endpoint's failure reason means. Only `model` speaks against the model.
    """
    if planned is None or not deployed or endpoint is None:
        return _leave("this run did not touch the endpoint")
    wanted, previous = planned["endpoint"]["config"]["EndpointConfigName"], planned["previous"]
    now = f"endpoint {endpoint.name} is {endpoint.status}"
    because = f": {endpoint.failure_reason}" if endpoint.failure_reason else ""
    if endpoint.status in CHANGING_STATES:
        return _leave(f"{now} still: clear track_endpoint to wait for what it becomes")
    serves = endpoint.status == "InService"
    if serves and endpoint.endpoint_config == wanted:
        if failed_test is None:
            return _leave(f"{wanted} serves, but nothing has tested it: clear the task that failed")
        because = f"{wanted} serves and did not pass its smoke test: {failed_test}"
        return _blame(because, previous, wanted)
    if serves and endpoint.endpoint_config != previous:
        return _leave(f"{endpoint.endpoint_config} serves by now, which is not this run's work")
    stuck = previous if endpoint.status in STUCK_STATES else None
    if cause != "model":
        return _not_blamed(f"{now}{because}", cause, stuck)
    if serves:
        return _blame(f"{wanted} was rolled back{because}", None, endpoint.endpoint_config)
    return _blame(f"{now} with {wanted}{because}", stuck, endpoint.endpoint_config)


def _not_blamed(found: str, cause: Cause, stuck: str | None) -> Rejection:
    """Leave the package as it is; an endpoint that does not serve still needs the former model."""
    fix = {
        "aws": "this says nothing about the model: trigger this DAG again",
        "unknown": "whether the model is at fault is not known: see the endpoint's log, then "
        "reject the package in the registry or trigger this DAG again",
    }[cause]
    reason = f"{found}; {fix}"
    if stuck is None:
        return _leave(reason)
    return Rejection(Decision(False, reason), Decision(True, f"{stuck} comes back: {found}"), stuck)


def _leave(reason: str) -> Rejection:
    return Rejection(Decision(False, reason), Decision(False, reason), None)


def _blame(reason: str, previous: str | None, serving: str) -> Rejection:
    reject = Decision(True, reason)
    if previous is None:
        return Rejection(reject, Decision(False, f"{serving} is left as it is: {reason}"), None)
    return Rejection(reject, Decision(True, f"{previous} comes back: {reason}"), previous)
