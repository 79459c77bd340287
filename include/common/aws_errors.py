"""Classify errors of AWS services, which have different codes for the same meaning.

`sagemaker_jobs.aws_errors` has the same rules for the jobs plugin, which may not import this
package; a test compares the two modules. botocore is not imported: the functions read an error's
attributes, not its class.
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
"""Codes of expired credentials, which services report as 403: the next call has new ones."""

_MISSING = re.compile(
    r"could not find|not found|does not exist|no such|cannot find", flags=re.IGNORECASE
)


def error_code(error: BaseException) -> str:
    """Return the code of an AWS error, or the class name of another error."""
    return str(_response(error).get("Error", {}).get("Code") or type(error).__name__)


def is_denied(error: BaseException) -> bool:
    """Return whether AWS denied access, or does not know the credentials."""
    if error_code(error) in EXPIRED:
        return False
    status = _response(error).get("ResponseMetadata", {}).get("HTTPStatusCode")
    return error_code(error) in DENIED or status in {401, 403}


def is_missing(error: BaseException) -> bool:
    """Return whether the resource does not exist: SageMaker reports it as ValidationException."""
    if error_code(error) in {"ResourceNotFound", "ResourceNotFoundException"}:
        return True
    message = str(_response(error).get("Error", {}).get("Message", ""))
    return error_code(error) == "ValidationException" and bool(_MISSING.search(message))


def _response(error: BaseException) -> dict[str, Any]:
    response = getattr(error, "response", None)
    return response if isinstance(response, dict) else {}
