"""What AWS's services call a refusal: each has its own name for what a caller may not do.

botocore is not imported: an error is asked for what it has, whichever class it is.
"""

from __future__ import annotations

DENIED = frozenset(
    {
        "403",
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "Forbidden",
        "UnauthorizedException",
        "UnauthorizedOperation",
    }
)


def code_of(error: BaseException) -> str:
    """Return an AWS error's code, or the class of one that is none of AWS's."""
    response = getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Code") or type(error).__name__)


def is_denied(error: BaseException) -> bool:
    """Whether AWS says that the caller may not ask."""
    return code_of(error) in DENIED
