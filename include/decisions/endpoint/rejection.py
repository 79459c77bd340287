"""Rejection of a model after a failed endpoint update, and restoring of the former model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from include.decisions.decision import Decision
from include.decisions.registry.serving_model import CHANGING_STATES, EndpointStatus

STUCK_STATES = frozenset({"OutOfService", "UpdateRollbackFailed"})
"""Statuses of an endpoint that AWS does not roll back by itself."""

Cause = Literal["aws", "model", "unknown"]
"""The cause of a failed update, from `sagemaker_jobs.failure_reasons`."""


@dataclass(frozen=True)
class Rejection:
    """The consequences of a failed update.

    Attributes:
        reject: Whether to reject the package, and why.
        restore: Whether to deploy an earlier endpoint configuration again, and why.
        endpoint_config: The name of that configuration, or None.
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
    """Decide what to do after a failed run of an endpoint update.

    Args:
        endpoint: The endpoint's present status; None if it does not exist.
        planned: The run's plan: the request `endpoint`, and as `previous` the name of the
            configuration that served before, or None. None if the run failed before its plan.
        deployed: Whether the run has requested the update.
        failed_test: Why the smoke test failed; None if it did not run or could not run.
        cause: The cause that the endpoint's failure reason implies. Only `model` rejects the
            package.
    """
    if planned is None or not deployed or endpoint is None:
        return _keep("this run did not change the endpoint")
    target, previous = planned["endpoint"]["config"]["EndpointConfigName"], planned["previous"]
    now = f"endpoint {endpoint.name} is {endpoint.status}"
    because = f": {endpoint.failure_reason}" if endpoint.failure_reason else ""
    if endpoint.status in CHANGING_STATES:
        return _keep(f"{now}, and the update is not finished: clear track_endpoint to wait for it")
    serves = endpoint.status == "InService"
    if serves and endpoint.endpoint_config == target:
        if failed_test is None:
            return _keep(f"{target} serves, but was not tested: clear the failed task")
        because = f"{target} serves and did not pass its smoke test: {failed_test}"
        return _reject(because, previous, target)
    if serves and endpoint.endpoint_config != previous:
        return _keep(f"{endpoint.endpoint_config} serves now, which this run did not deploy")
    stuck = previous if endpoint.status in STUCK_STATES else None
    if cause != "model":
        return _keep_package(f"{now}{because}", cause, stuck)
    if serves:
        return _reject(f"{target} was rolled back{because}", None, endpoint.endpoint_config)
    return _reject(f"{now} with {target}{because}", stuck, endpoint.endpoint_config)


def _keep_package(found: str, cause: Cause, stuck: str | None) -> Rejection:
    """Keep the package's status; restore the former model if the endpoint does not serve."""
    fix = {
        "aws": "the cause is not the model: trigger this DAG again",
        "unknown": "it is unknown whether the model is the cause: see the endpoint's log, then "
        "reject the package in the registry or trigger this DAG again",
    }[cause]
    reason = f"{found}; {fix}"
    if stuck is None:
        return _keep(reason)
    return Rejection(Decision(False, reason), Decision(True, f"restore {stuck}: {found}"), stuck)


def _keep(reason: str) -> Rejection:
    """Neither reject the package nor restore the former model."""
    return Rejection(Decision(False, reason), Decision(False, reason), None)


def _reject(reason: str, previous: str | None, serving: str) -> Rejection:
    """Reject the package, and restore the previous configuration if there is one."""
    reject = Decision(True, reason)
    if previous is None:
        return Rejection(reject, Decision(False, f"{serving} is not changed: {reason}"), None)
    return Rejection(reject, Decision(True, f"restore {previous}: {reason}"), previous)
