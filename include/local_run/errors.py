"""What may go wrong and is not a mistake in this program."""

from __future__ import annotations


class RunError(Exception):
    """A failure with one clear line for the user; the command ends with `status`.

    Attributes:
        status: 1 where something did not work, 2 where the command cannot be right as given.
    """

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


def usage(message: str) -> RunError:
    """An error in what the user asked for: it names the thing and the fix."""
    return RunError(message, status=2)
