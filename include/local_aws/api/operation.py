"""What an API operation is, and the refusals that several of them share."""

from collections.abc import Callable, Mapping
from typing import Any

from include.local_aws.errors import ApiError
from include.local_aws.services import Services

Request = dict[str, Any]
Handler = Callable[[Services, Request], Mapping[str, Any]]
"""Takes a request that has passed the service model's constraints; answers the response's
members, of which only those in the model are shown. It may run in any thread, and may block."""


def in_use(message: str) -> ApiError:
    """The refusal of a name that is taken."""
    return ApiError(message, code="ResourceInUse")


def unsupported(what: str) -> ApiError:
    """The refusal of what SageMaker can and this server cannot."""
    return ApiError(f"local_aws does not support {what}.")
