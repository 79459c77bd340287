"""The tokens by which a list goes on: opaque to clients, the place of the last item to us."""

import base64
import json
from typing import Any

from include.local_aws.errors import ApiError


def token(place: list[Any]) -> str:
    """The NextToken behind the item at this place in the order."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def place_of(text: str, *kinds: type) -> list[Any]:
    """The place, of parts of these kinds, that a token stands for.

    Raises:
        ApiError: it is a token of another order, or none.
    """
    try:
        place = list(json.loads(base64.urlsafe_b64decode(text)))
        if all(isinstance(part, kind) for part, kind in zip(place, kinds, strict=True)):
            return place
    except (ValueError, TypeError, RecursionError):
        pass
    raise ApiError("The pagination token is invalid.")
