"""Tokens of pagination: a token holds the sort position of the last item of a page."""

import base64
import json
from typing import Any

from include.local_aws.errors import ApiError


def write_token(position: list[Any]) -> str:
    """Return the NextToken for the items after this position."""
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode()


def read_token(token: str, *kinds: type) -> list[Any]:
    """Return the position in a token, whose parts have these types.

    Raises:
        ApiError: The token is not valid, or was made for another order.
    """
    try:
        position = list(json.loads(base64.urlsafe_b64decode(token)))
        if all(isinstance(part, kind) for part, kind in zip(position, kinds, strict=True)):
            return position
    except (ValueError, TypeError, RecursionError):
        pass
    raise ApiError("The pagination token is invalid.")
