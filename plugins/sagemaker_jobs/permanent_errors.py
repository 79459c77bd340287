"""Converts permanent errors of AWS calls to `PermanentAwsError`, which is not retried."""

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

ACCESS_FIX = "give Airflow's role this permission, then clear this task"
REQUEST_FIX = "fix the request, then clear the task that makes it"


@contextmanager
def raise_permanent_errors(subject: str) -> Iterator[None]:
    """Raise permanent errors of AWS as `PermanentAwsError`; leave every other error as it is.

    Args:
        subject: The thing that the calls are about, as in "endpoint cars".
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
            f"{subject}: AWS refused {call} ({code}): {error_message(error).rstrip('.')}: {fix}"
        ) from error


def describe(
    subject: str, call: Callable[..., Mapping[str, Any]], **name: str
) -> dict[str, Any] | None:
    """Return the description of a thing, or None if it does not exist.

    Args:
        subject: The thing, as for `raise_permanent_errors`.
        call: The boto3 method that describes it.
        **name: The request: the thing's name.

    Raises:
        PermanentAwsError: AWS does not allow the call.
    """
    with raise_permanent_errors(subject):
        try:
            return dict(call(**name))
        except Exception as error:
            if is_missing(error):
                return None
            raise
