"""Parts of a page that cannot be read: a page shows them with the reason, and the rest as usual."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from include.common.errors import PermanentError

T = TypeVar("T")


class UnreadableError(PermanentError):
    """An object is too large or damaged; the text names it, the limit and the fix."""


@dataclass(frozen=True)
class Part(Generic[T]):
    """A part of a page: its value, or the reason why it cannot be shown.

    Attributes:
        value: What was read; None if there is none yet, or if it could not be read.
        problem: Why it could not be read; empty if it could.
    """

    value: T | None
    problem: str = ""


def attempt(what: str, read: Callable[[], T | None]) -> Part[T]:
    """Read a part of a page.

    Args:
        what: The part, as the subject of the problem: "the endpoint".
        read: Reads the part. Errors of AWS and of records become the part's problem; other errors
            are bugs, and are raised.
    """
    try:
        return Part(read())
    except Exception as error:
        reason = explain(error)
        if reason is None:
            raise
        return Part(None, f"{what} cannot be shown: {reason}")


def explain(error: BaseException) -> str | None:
    """Return an error's explanation for a page, or None if the error is a bug."""
    from botocore.exceptions import BotoCoreError, ClientError

    if isinstance(error, PermanentError):
        return str(error)
    if isinstance(error, ClientError):
        return f"AWS answered {_operation(error)} with {error}"
    if isinstance(error, BotoCoreError):
        return f"AWS does not answer ({error}); the page shows it again when AWS does"
    return None


def _operation(error: Any) -> str:
    return str(getattr(error, "operation_name", "the call"))
