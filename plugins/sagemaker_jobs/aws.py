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
_PASSING_CODES = frozenset(
    {
        "InternalFailure",
        "InternalServerError",
        "InternalServerException",
        "LimitExceededException",
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


def error_code(error: BaseException) -> str:
    """Return an AWS error's code, or an empty string where it is none of AWS's."""
    response = getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))


def error_message(error: BaseException) -> str:
    """Return an AWS error's message as the service sent it, else the error's own text."""
    response = getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Message") or error)


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


def is_passing(error: BaseException) -> bool:
    """Tell whether waiting may help: throttling, a full quota, a service with a fault or away."""
    code = error_code(error)
    if not code:
        return _is_connection_error(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)  # type: ignore[attr-defined]
    return code in _PASSING_CODES or status >= 500


def _is_connection_error(error: BaseException) -> bool:
    if isinstance(error, OSError | TimeoutError):
        return True
    from botocore.exceptions import ConnectionError as BotocoreConnectionError
    from botocore.exceptions import HTTPClientError

    return isinstance(error, HTTPClientError | BotocoreConnectionError)
