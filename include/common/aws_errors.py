"""What the errors of AWS's services mean: each service has its own name for the same refusal.

`sagemaker_jobs.aws_errors` has the same rules for the jobs plugin, which may not import this
package; a test compares the two. botocore is not imported: only the attributes of an error are
read, not its class.
"""

from __future__ import annotations

import re
from typing import Any

DENIED = frozenset(
    {
        "401",
        "403",
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "Forbidden",
        "InvalidClientTokenId",
        "MissingAuthenticationToken",
        "OptInRequired",
        "UnauthorizedException",
        "UnauthorizedOperation",
        "UnrecognizedClientException",
    }
)

EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
"""Credentials that ended, which services answer with 403: the next call has others."""

_MISSING = re.compile(
    r"could not find|not found|does not exist|no such|cannot find", flags=re.IGNORECASE
)


def error_code(error: BaseException) -> str:
    """Return an AWS error's code, or the class of one that is none of AWS's."""
    return str(_response(error).get("Error", {}).get("Code") or type(error).__name__)


def is_denied(error: BaseException) -> bool:
    """Whether AWS says that the caller may not ask, or does not know the caller's credentials."""
    if error_code(error) in EXPIRED:
        return False
    status = _response(error).get("ResponseMetadata", {}).get("HTTPStatusCode")
    return error_code(error) in DENIED or status in {401, 403}


def is_missing(error: BaseException) -> bool:
    """Whether SageMaker says that the thing asked for does not exist: its code is Validation's."""
    if error_code(error) in {"ResourceNotFound", "ResourceNotFoundException"}:
        return True
    message = str(_response(error).get("Error", {}).get("Message", ""))
    return error_code(error) == "ValidationException" and bool(_MISSING.search(message))


def _response(error: BaseException) -> dict[str, Any]:
    response = getattr(error, "response", None)
    return response if isinstance(response, dict) else {}
