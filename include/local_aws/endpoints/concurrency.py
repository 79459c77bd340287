"""Several processes started or stopped at the same time."""

import threading
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from include.local_aws.containers.server_process import Unhealthy
from include.local_aws.endpoints.instance import Instance
from include.local_aws.errors import JobFailure

_T = TypeVar("_T")


class FleetClosed(Exception):
    """What was being started is no longer wanted."""


def start_together(instances: Collection[Instance], check: Callable[[], None]) -> None:
    """Start all of them, and return when every one is healthy.

    Args:
        instances: what to start.
        check: called again and again; what it raises ends the start.

    Raises:
        JobFailure: one is not healthy in time; none runs then.
    """
    failed = threading.Event()

    def start(instance: Instance) -> Exception | None:
        try:
            instance.server.start(lambda: _check(failed, check), instance.patience)
        except Exception as error:
            failed.set()
            return _told(error, instance.variant)
        return None

    failures = [failure for failure in all_at_once(start, instances) if failure]
    if failures:
        all_at_once(lambda instance: instance.server.stop(0), instances)
        reasons = [failure for failure in failures if not isinstance(failure, FleetClosed)]
        raise (reasons or failures)[0]


def all_at_once(work: Callable[[Instance], _T], instances: Collection[Instance]) -> list[_T]:
    """Do something with each, in threads, and return what came of it when all are done."""
    if not instances:
        return []
    with ThreadPoolExecutor(len(instances)) as pool:
        return list(pool.map(work, instances))


def _check(failed: threading.Event, check: Callable[[], None]) -> None:
    if failed.is_set():
        raise FleetClosed
    check()


def _told(error: Exception, variant: str) -> Exception:
    """A failed health check in the words of an endpoint, which name the variant."""
    if not isinstance(error, Unhealthy):
        return error
    return JobFailure(
        f"The primary container for production variant {variant} did not pass the ping health "
        f"check{error.detail}. Please check CloudWatch logs for this endpoint."
    )
