"""The type of API operations, and errors that several of them raise."""

from collections.abc import Callable, Mapping
from typing import Any

from include.local_aws.errors import ApiError
from include.local_aws.services import Services

Request = dict[str, Any]
Handler = Callable[[Services, Request], Mapping[str, Any]]
"""Takes a valid request and returns the members of the response; members that are not in the
service model are removed later. It may run in any thread, and may block."""


def in_use(message: str) -> ApiError:
    """Return the error for a name that is taken."""
    return ApiError(message, code="ResourceInUse")


def unsupported(feature: str) -> ApiError:
    """Return the error for a feature of SageMaker that this server does not have."""
    return ApiError(f"local_aws does not support {feature}.")
