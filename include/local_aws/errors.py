"""What the server says when it refuses a request, and when a job fails."""

import errno


class ApiError(Exception):
    """A refusal in AWS's own form.

    Args:
        message: what the caller reads, in AWS's wording where AWS has one.
        code: the error code that botocore turns into `ClientError.response["Error"]["Code"]`.
        status: the HTTP status.
    """

    def __init__(
        self, message: str, *, code: str = "ValidationException", status: int = 400
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.status = status


class JobFailure(Exception):
    """A job ends as Failed; the text is its FailureReason.

    The text starts with AWS's class of failure: `AlgorithmError: ` (the program),
    `ClientError: ` (the request or its data) or `InternalServerError: ` (this server).
    """


class StartupError(Exception):
    """The server cannot start; the text is one line that names the thing and the fix."""


def write_remedy(error: OSError) -> str:
    """Return what lets a file be written after this error, for the text of a StartupError."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "free space on its disk"
    return "make it writable for this user"
