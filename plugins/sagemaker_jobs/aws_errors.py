"""AWS errors told apart. SageMaker says most of it in the message, as its code is the same for all.

botocore is not imported: what is asked of an error is duck-typed, and the class to catch is the
client's own ``client.exceptions.ClientError``, which boto3 and aiobotocore share.
"""

import re
from typing import Any

Client = Any  # boto3 and aiobotocore make their clients' classes when they run.

_MISSING = re.compile(
    r"could not find|not found|does not exist|no such|cannot find", flags=re.IGNORECASE
)
_EXISTING = re.compile(r"already exist", flags=re.IGNORECASE)
_BUSY = re.compile(r"cannot update in-progress", flags=re.IGNORECASE)
_RETRYABLE_CODES = frozenset(
    {
        # Credentials that ended: the next try has others.
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
    """Return an AWS error's code, or an empty string where it is none of AWS's."""
    return str(_response(error).get("Error", {}).get("Code", ""))


def error_message(error: BaseException) -> str:
    """Return an AWS error's message as the service sent it, else the error's own text."""
    return str(_response(error).get("Error", {}).get("Message") or error)


def is_missing(error: BaseException) -> bool:
    """Tell whether AWS says that the described thing does not exist."""
    code = error_code(error)
    if code in {"ResourceNotFound", "ResourceNotFoundException"}:
        return True
    return code == "ValidationException" and bool(_MISSING.search(error_message(error)))


def is_existing(error: BaseException) -> bool:
    """Tell whether AWS refused to create a thing because its name is taken."""
    code = error_code(error)
    if code in {"ResourceInUse", "ResourceInUseException"}:
        return True
    return code == "ValidationException" and bool(_EXISTING.search(error_message(error)))


def is_retryable(error: BaseException) -> bool:
    """Tell whether waiting may help: throttling, a full quota, a service with a fault or away."""
    code = error_code(error)
    if not code:
        return _is_connection_error(error)
    return code in _RETRYABLE_CODES or _http_status(error) >= 500


def is_busy(error: BaseException) -> bool:
    """Tell whether AWS refused to change an endpoint because another change is under way."""
    return error_code(error) == "ValidationException" and bool(_BUSY.search(error_message(error)))


def is_access_denied(error: BaseException) -> bool:
    """Tell whether AWS refused a call for want of a right, or of credentials that it knows."""
    if is_retryable(error):
        return False
    return error_code(error) in _ACCESS_CODES or _http_status(error) in {401, 403}


def is_permanent(error: BaseException) -> bool:
    """Tell whether another try would meet the same refusal: of access, or of the request itself.

    What is busy or taken at this moment is told by the codes of validation, and is none.
    """
    if is_retryable(error) or is_existing(error) or is_busy(error):
        return False
    if not error_code(error):
        return _is_invalid_call(error)
    return is_access_denied(error) or error_code(error) in _VALIDATION_CODES


def _response(error: BaseException) -> dict[str, Any]:
    """Return what AWS answered; other libraries' errors have a response of another class."""
    response = getattr(error, "response", None)
    return response if isinstance(response, dict) else {}


def _http_status(error: BaseException) -> int:
    return int(_response(error).get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _is_invalid_call(error: BaseException) -> bool:
    """Tell whether botocore itself refused a request before it was sent."""
    from botocore.exceptions import ParamValidationError

    return isinstance(error, ParamValidationError)


def _is_connection_error(error: BaseException) -> bool:
    if isinstance(error, OSError | TimeoutError):
        return True
    from botocore.exceptions import ConnectionError as BotocoreConnectionError
    from botocore.exceptions import HTTPClientError

    return isinstance(error, HTTPClientError | BotocoreConnectionError)
