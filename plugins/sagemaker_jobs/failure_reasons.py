"""The cause that a FailureReason names. No other module interprets these texts.

SageMaker reports the reason for a failure of a job or an endpoint as text only. A text that matches
none of the patterns below has an unknown cause.
"""

import re
from typing import Literal

Cause = Literal["aws", "model", "unknown"]
"""`aws`: no capacity, a quota or an internal error, so that a retry may help. `model`: the model's
container failed its health check, or an alarm on the new instances went off. `unknown`: neither."""

_IGNORE_CASE = re.IGNORECASE

_JOB_OF_AWS = re.compile(
    r"^\W*(CapacityError|InternalServerError|InternalError|InternalFailure|Interrupted"
    r"|ServiceUnavailable|Throttling)",
    _IGNORE_CASE,
)
"""Matched at the beginning only: the text after it may quote the output of the container."""

_ENDPOINT: tuple[tuple[Cause, re.Pattern[str]], ...] = (
    # The container's log may be quoted after this text, so it is checked first.
    ("model", re.compile(r"did not pass the ping health check", _IGNORE_CASE)),
    ("model", re.compile(r"failed to extract model data archive|cannot unpack", _IGNORE_CASE)),
    # A missing permission is no fault of the model, even if the text names an alarm or a quota.
    ("unknown", re.compile(r"access ?denied|not authori[sz]ed", _IGNORE_CASE)),
    # The text quotes the names of the user's alarms, which may contain any word of the patterns
    # that follow. The state ALARM is written in capitals only.
    (
        "model",
        re.compile(r"\b(?i:alarms?)\b.*\b(?:ALARM|(?i:tripped|triggered|went off))\b", re.DOTALL),
    ),
    ("unknown", re.compile(r"permission", _IGNORE_CASE)),
    (
        "aws",
        re.compile(
            r"insufficient\w*capacity|insufficient capacity|CapacityError|compute capacity"
            r"|unable to provision|availability zone|limit exceeded|LimitExceeded|service limit"
            r"|quota|InternalServerError|InternalError|InternalFailure|ServiceUnavailable"
            r"|Throttling|request to service failed",
            _IGNORE_CASE,
        ),
    ),
)


def job_cause(reason: str) -> Cause:
    """Return the cause of a failed job: `aws` or `unknown`."""
    return "aws" if _JOB_OF_AWS.match(reason) else "unknown"


def endpoint_cause(reason: str) -> Cause:
    """Return the cause of an endpoint's update or creation that failed."""
    return next((cause for cause, pattern in _ENDPOINT if pattern.search(reason)), "unknown")
