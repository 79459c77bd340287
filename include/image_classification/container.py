"""The container's contract with SageMaker: folders of a job, and its failure message."""

import os
from pathlib import Path

from include.common.addresses import redact_urls

DEFAULT_BASE_DIR = "/opt/ml"

# SageMaker truncates a training job's FailureReason and a processing job's ExitMessage to this.
MESSAGE_CHARACTERS = 1024


class CommandError(Exception):
    """An expected failure with a one-line message for users that names the object and the fix.

    Raise it for problems that users can fix: a missing file, an invalid setting, damaged data. The
    entry point prints the message without a traceback, reports it to SageMaker and exits with 1.
    Lines are joined, and URLs are redacted, because they may contain a token.
    """

    def __init__(self, message: str) -> None:
        line = " ".join(line.strip() for line in message.splitlines())
        super().__init__(redact_urls(line))


def base_dir() -> Path:
    """Return the folder of input, output and model: SAGEMAKER_BASE_DIR, or /opt/ml."""
    return Path(os.environ.get("SAGEMAKER_BASE_DIR") or DEFAULT_BASE_DIR)


def processing_input(name: str) -> Path:
    """Return the folder of a processing job's input, which may not exist."""
    return base_dir() / "processing" / "input" / name


def processing_output(name: str) -> Path:
    """Create and return the folder of a processing job's output."""
    folder = base_dir() / "processing" / "output" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def write_failure(message: str) -> None:
    """Write the reason of a failure to the files that SageMaker reads.

    For a training job that is `output/failure`, for a processing job `output/message`. Both are
    written, because a command does not know the kind of its job. File names that are not UTF-8 are
    escaped.
    """
    text = message.encode("utf-8", errors="backslashreplace").decode()
    folder = base_dir() / "output"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("failure", "message"):
        (folder / name).write_text(text[:MESSAGE_CHARACTERS], encoding="utf-8")
