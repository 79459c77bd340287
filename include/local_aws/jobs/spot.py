"""Interruptions of managed spot training on request, to test that a training resumes.

A client requests an interruption with the tag `local-aws:interrupt`, at create or by AddTags while
the job runs. Its value is the seconds after which the programs are interrupted, "0" for at once.
The tag is removed when the interruption begins; set it again for another interruption.
"""

import time

from include.local_aws.errors import ApiError
from include.local_aws.store import Body, Store

TAG = "local-aws:interrupt"
_POLL = 0.5  # seconds


class Interruptions:
    """Watches a job's tags while its programs run.

    Args:
        store: The store of the tags.
        arn: The ARN of the job.
        is_spot: True for managed spot training; other jobs are not interrupted.
    """

    def __init__(self, store: Store, arn: str, *, is_spot: bool) -> None:
        self._store, self._arn, self._is_spot = store, arn, is_spot
        self._looked = 0.0

    def due(self, seconds: float) -> bool:
        """Return whether to interrupt programs that have run for `seconds`; once per request."""
        now = time.monotonic()
        if not self._is_spot or now - self._looked < _POLL:
            return False
        self._looked = now
        tags = self._store.tags(self._arn)
        requested = [float(tag["Value"]) for tag in tags if tag["Key"] == TAG]
        if not requested or seconds < requested[0]:
            return False
        self._store.remove_tags(self._arn, [TAG])
        return True


def is_spot(job: Body) -> bool:
    """Return whether a training job uses managed spot training."""
    return bool(job.get("EnableManagedSpotTraining"))


def check_tags(tags: list[dict[str, str]], job: Body | None) -> None:
    """Check a request for an interruption.

    Args:
        tags: The tags to add.
        job: The training job that gets the tags, or None for another resource.

    Raises:
        ApiError: The resource is not a managed spot training, or the tag's value is not a number
            of seconds.
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
    """Check MaxWaitTimeInSeconds; ApiError with SageMaker's message if it is not valid."""
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
