"""Errors of requests, jobs and the server's start."""

import errno


class ApiError(Exception):
    """An error response in AWS's format.

    Args:
        message: The message for the caller, in AWS's wording if AWS has such an error.
        code: The error code, which botocore gives as `ClientError.response["Error"]["Code"]`.
        status: The HTTP status.
    """

    def __init__(
        self, message: str, *, code: str = "ValidationException", status: int = 400
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.status = status


class JobFailure(Exception):
    """A job fails; the text is its FailureReason.

    The text starts with AWS's class of failure: `AlgorithmError: ` (the program),
    `ClientError: ` (the request or its data) or `InternalServerError: ` (this server).
    """


class StartupError(Exception):
    """The server cannot start; the text is one line with the cause and the fix."""


def write_remedy(error: OSError) -> str:
    """Return the fix for a failed write, for the text of a StartupError."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "free space on its disk"
    return "make it writable for this user"
