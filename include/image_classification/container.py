"""What SageMaker lays around a program: where its files are, and where it says why it failed."""

import os
from pathlib import Path

from include.common.addresses import redact_urls

DEFAULT_BASE_DIR = "/opt/ml"

# SageMaker shows this much: FailureReason of a training job, ExitMessage of a processing job.
MESSAGE_CHARACTERS = 1024


class ProgramError(Exception):
    """An expected failure, told to the user in one line that names the thing and the fix.

    Raise it for what the user can mend (a missing file, a bad setting, damaged data). The entry
    point prints it without a traceback, hands it to SageMaker and exits 1. What other errors put
    on several lines is joined, and web addresses are left without what may be a token.
    """

    def __init__(self, message: str) -> None:
        line = " ".join(line.strip() for line in message.splitlines())
        super().__init__(redact_urls(line))


def base_dir() -> Path:
    """The folder that holds input, output and model: SAGEMAKER_BASE_DIR, or /opt/ml."""
    return Path(os.environ.get("SAGEMAKER_BASE_DIR") or DEFAULT_BASE_DIR)


def processing_input(name: str) -> Path:
    """Where a processing job's input of this name is mounted. It may be absent."""
    return base_dir() / "processing" / "input" / name


def processing_output(name: str) -> Path:
    """Where a processing job leaves its output of this name. The folder is made."""
    folder = base_dir() / "processing" / "output" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def write_failure(message: str) -> None:
    """Leave the reason of a failure where SageMaker looks for it.

    Training reads `output/failure`, processing reads `output/message`; both are written, because
    a program does not know which kind of job runs it. A file name that is not UTF-8 is escaped.
    """
    told = message.encode("utf-8", errors="backslashreplace").decode()
    folder = base_dir() / "output"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("failure", "message"):
        (folder / name).write_text(told[:MESSAGE_CHARACTERS], encoding="utf-8")
