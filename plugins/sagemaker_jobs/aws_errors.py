"""Classification of AWS errors. SageMaker uses one code for most of them, so messages count, too.

botocore is slow to import, so it is not imported at module level. The functions use attributes of
errors. The class to catch is ``client.exceptions.ClientError``, which boto3 and aiobotocore share.
"""

import re
from typing import Any

Client = Any  # boto3 and aiobotocore create the classes of clients at runtime.

_MISSING = re.compile(
    r"could not find|not found|does not exist|no such|cannot find", flags=re.IGNORECASE
)
_EXISTING = re.compile(r"already exist", flags=re.IGNORECASE)
_BUSY = re.compile(r"cannot update in-progress", flags=re.IGNORECASE)
_RETRYABLE_CODES = frozenset(
    {
        # Expired credentials: the next try has new ones.
        "ExpiredToken",
        "ExpiredTokenException",
        "InternalFailure",
        "InternalServerError",
        "InternalServerException",
        "LimitExceededException",
        "RequestExpired",
        "RequestTimeout",
        "ResourceLimitExceeded",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_ACCESS_CODES = frozenset(
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
_VALIDATION_CODES = frozenset(
    {
        "InvalidParameter",
        "InvalidParameterException",
        "InvalidParameterValue",
        "ValidationError",
        "ValidationException",
    }
)


def error_code(error: BaseException) -> str:
    """Return the code of an AWS error, or an empty string for any other error."""
    return str(_response(error).get("Error", {}).get("Code", ""))


def error_message(error: BaseException) -> str:
    """Return the message of an AWS error as the service sent it, else the text of the error."""
    return str(_response(error).get("Error", {}).get("Message") or error)


def is_missing(error: BaseException) -> bool:
    """Return whether AWS reports that the resource does not exist."""
    code = error_code(error)
    if code in {"ResourceNotFound", "ResourceNotFoundException"}:
        return True
    return code == "ValidationException" and bool(_MISSING.search(error_message(error)))


def is_existing(error: BaseException) -> bool:
    """Return whether AWS reports that a resource of that name exists already."""
    code = error_code(error)
    if code in {"ResourceInUse", "ResourceInUseException"}:
        return True
    return code == "ValidationException" and bool(_EXISTING.search(error_message(error)))


def is_retryable(error: BaseException) -> bool:
    """Return whether waiting may help: throttling, a full quota, a fault or outage of AWS."""
    code = error_code(error)
    if not code:
        return _is_connection_error(error)
    return code in _RETRYABLE_CODES or _http_status(error) >= 500


def is_busy(error: BaseException) -> bool:
    """Return whether AWS refused to change an endpoint because another change is in progress."""
    return error_code(error) == "ValidationException" and bool(_BUSY.search(error_message(error)))


def is_access_denied(error: BaseException) -> bool:
    """Return whether a permission or known credentials are missing."""
    if is_retryable(error):
        return False
    return error_code(error) in _ACCESS_CODES or _http_status(error) in {401, 403}


def is_permanent(error: BaseException) -> bool:
    """Return whether a retry would be refused again: no access, or an invalid request.

    AWS reports busy endpoints and existing names with validation codes. They are not permanent.
    """
    if is_retryable(error) or is_existing(error) or is_busy(error):
        return False
    if not error_code(error):
        return _is_invalid_call(error)
    return is_access_denied(error) or error_code(error) in _VALIDATION_CODES


def _response(error: BaseException) -> dict[str, Any]:
    """Return the response in an AWS error; errors of other libraries have other classes of it."""
    response = getattr(error, "response", None)
    return response if isinstance(response, dict) else {}


def _http_status(error: BaseException) -> int:
    return int(_response(error).get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _is_invalid_call(error: BaseException) -> bool:
    """Return whether botocore refused the request before sending it."""
    from botocore.exceptions import ParamValidationError

    return isinstance(error, ParamValidationError)


def _is_connection_error(error: BaseException) -> bool:
    if isinstance(error, OSError | TimeoutError):
        return True
    from botocore.exceptions import ConnectionError as BotocoreConnectionError
    from botocore.exceptions import HTTPClientError

    return isinstance(error, HTTPClientError | BotocoreConnectionError)
