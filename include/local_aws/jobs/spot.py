"""A managed spot training that is interrupted on request, so that resuming can be tested.

The request is a tag, which any client can set: `local-aws:interrupt` with the seconds that the
programs shall have run, "0" for at once. It is set at create or by AddTags while the job runs,
and is removed when the interruption has begun, so that a further AddTags asks for a further one.
"""

import time

from include.local_aws.errors import ApiError
from include.local_aws.store import Body, Store

TAG = "local-aws:interrupt"
_POLL = 0.5  # seconds


class Interruptions:
    """Watches a job's tags while its programs run.

    Args:
        store: where the tags are.
        arn: the job's.
        is_spot: whether the job asked for managed spot training; no other is interrupted.
    """

    def __init__(self, store: Store, arn: str, *, is_spot: bool) -> None:
        self._store, self._arn, self._is_spot = store, arn, is_spot
        self._looked = 0.0

    def due(self, seconds: float) -> bool:
        """Whether to interrupt programs that have run for so long; true once for each request."""
        now = time.monotonic()
        if not self._is_spot or now - self._looked < _POLL:
            return False
        self._looked = now
        wanted = [float(t["Value"]) for t in self._store.tags(self._arn) if t["Key"] == TAG]
        if not wanted or seconds < wanted[0]:
            return False
        self._store.remove_tags(self._arn, [TAG])
        return True


def is_spot(job: Body) -> bool:
    """Whether a training job asked for spot capacity."""
    return bool(job.get("EnableManagedSpotTraining"))


def check_tags(tags: list[dict[str, str]], job: Body | None) -> None:
    """Refuse a request for an interruption that could not be granted.

    Args:
        tags: those that are to be added.
        job: what they are added to, if it is a training job.

    Raises:
        ApiError: the tag is on something else, or its value is no number of seconds.
    """
    for tag in tags:
        if tag["Key"] != TAG:
            continue
        if job is None or not is_spot(job):
            raise ApiError(f"The tag {TAG} is for a training job with EnableManagedSpotTraining.")
        if not tag["Value"].isascii() or not tag["Value"].isdigit():
            raise ApiError(
                f"The tag {TAG} is {tag['Value']!r}: give the seconds after which the programs "
                'are interrupted, "0" for at once.'
            )


def check_limits(request: Body) -> None:
    """Hold MaxWaitTimeInSeconds to SageMaker's rule; ApiError in its words."""
    condition = request.get("StoppingCondition", {})
    wait = condition.get("MaxWaitTimeInSeconds")
    if not is_spot(request):
        if wait is not None:
            raise ApiError(
                "Invalid MaxWaitTimeInSeconds. It is only supported when "
                "EnableManagedSpotTraining is set to true"
            )
    elif wait is None or wait < condition.get("MaxRuntimeInSeconds", 0):
        raise ApiError(
            "Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to "
            "MaxRuntimeInSeconds"
        )
