"""Start and stop several instances at the same time."""

import threading
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from include.local_aws.containers.server_process import Unhealthy
from include.local_aws.endpoints.instance import Instance
from include.local_aws.errors import JobFailure

_T = TypeVar("_T")


class FleetClosed(Exception):
    """The fleet was closed while its instances started."""


def start_instances(instances: Collection[Instance], check: Callable[[], None]) -> None:
    """Start all instances, and return when all are healthy.

    Args:
        instances: The instances to start.
        check: Called repeatedly while starting; may raise to abort the start.

    Raises:
        JobFailure: An instance is not healthy in time. All instances are stopped.
    """
    failed = threading.Event()

    def start(instance: Instance) -> Exception | None:
        try:
            instance.server.start(lambda: _check(failed, check), instance.startup_timeout)
        except Exception as error:
            failed.set()
            return _describe(error, instance.variant)
        return None

    failures = [failure for failure in run_concurrently(start, instances) if failure]
    if failures:
        run_concurrently(lambda instance: instance.server.stop(0), instances)
        reasons = [failure for failure in failures if not isinstance(failure, FleetClosed)]
        raise (reasons or failures)[0]


def run_concurrently(
    function: Callable[[Instance], _T], instances: Collection[Instance]
) -> list[_T]:
    """Call a function for each instance in threads; return the results when all are done."""
    if not instances:
        return []
    with ThreadPoolExecutor(len(instances)) as pool:
        return list(pool.map(function, instances))


def _check(failed: threading.Event, check: Callable[[], None]) -> None:
    if failed.is_set():
        raise FleetClosed
    check()


def _describe(error: Exception, variant: str) -> Exception:
    """Return a failed health check as an endpoint's failure, which names the variant."""
    if not isinstance(error, Unhealthy):
        return error
    return JobFailure(
        f"The primary container for production variant {variant} did not pass the ping health "
        f"check{error.detail}. Please check CloudWatch logs for this endpoint."
    )
