"""Errors of a local run that the user can fix."""

from __future__ import annotations


class RunError(Exception):
    """An error whose message is one line for the user.

    Attributes:
        status: Exit status of the command: 2 if an option or the data is wrong, else 1.
    """

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


def usage_error(message: str) -> RunError:
    """Return an error about an option or the data; the message names the value and the fix."""
    return RunError(message, status=2)
