"""A call that AWS refuses for good, as an error that a retry policy does not try again."""

from collections.abc import Iterator
from contextlib import contextmanager

from sagemaker_jobs.aws import error_code, error_message, is_access, is_lasting
from sagemaker_jobs.errors import CallRefused

ACCESS_FIX = "give Airflow's role the right to it, then clear this task"
REQUEST_FIX = "mend the request, then clear the task that makes it"


@contextmanager
def refusals_last(thing: str) -> Iterator[None]:
    """Raise what AWS refuses for good as `CallRefused`; every other error goes on as it is.

    Args:
        thing: What the calls within are about, as in "endpoint cars".
    """
    try:
        yield
    except Exception as error:
        if not is_lasting(error):
            raise
        call = getattr(error, "operation_name", "the call")
        code = error_code(error) or type(error).__name__
        fix = ACCESS_FIX if is_access(error) else REQUEST_FIX
        raise CallRefused(
            f"{thing}: AWS refused {call} ({code}): {error_message(error).rstrip('.')}: {fix}"
        ) from error
