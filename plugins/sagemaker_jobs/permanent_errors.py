"""A call that AWS refuses for good, as an error that a retry policy does not try again."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sagemaker_jobs.aws_errors import (
    error_code,
    error_message,
    is_access_denied,
    is_missing,
    is_permanent,
)
from sagemaker_jobs.errors import PermanentAwsError

ACCESS_FIX = "give Airflow's role the right to it, then clear this task"
REQUEST_FIX = "mend the request, then clear the task that makes it"


@contextmanager
def raise_permanent_errors(thing: str) -> Iterator[None]:
    """Raise what AWS refuses for good as `PermanentAwsError`; every other error goes on as it is.

    Args:
        thing: What the calls within are about, as in "endpoint cars".
    """
    try:
        yield
    except Exception as error:
        if not is_permanent(error):
            raise
        call = getattr(error, "operation_name", "the call")
        code = error_code(error) or type(error).__name__
        fix = ACCESS_FIX if is_access_denied(error) else REQUEST_FIX
        raise PermanentAwsError(
            f"{thing}: AWS refused {call} ({code}): {error_message(error).rstrip('.')}: {fix}"
        ) from error


def describe(
    thing: str, call: Callable[..., Mapping[str, Any]], **name: str
) -> dict[str, Any] | None:
    """Return what AWS says of a thing, or None where none has that name.

    Args:
        thing: What is described, as for `raise_permanent_errors`.
        call: boto3's method that describes it.
        **name: The request: the thing's name.

    Raises:
        PermanentAwsError: AWS does not let it be described.
    """
    with raise_permanent_errors(thing):
        try:
            return dict(call(**name))
        except Exception as error:
            if is_missing(error):
                return None
            raise
