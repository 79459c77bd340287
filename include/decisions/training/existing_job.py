"""Training jobs with the fingerprint of a planned training whose candidate is not registered.

Such a job is running, or it has completed and a later stage of its run failed. Its model is
evaluated instead of trained again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from include.common.aws_errors import error_code, is_denied
from include.common.s3_uri import split_s3_uri

_MISSING = frozenset({"404", "NoSuchKey", "NoSuchBucket", "NotFound"})


@dataclass(frozen=True)
class ExistingJob:
    """The training job with a fingerprint that counts: the newest, or one that has a model.

    Attributes:
        name: The job's name.
        attempt: Its number among the attempts at this training.
        status: `running`; `completed`; `interrupted` if the next attempt continues the job; or
            `failed` if it has to be started anew, also because its model is gone.
        model_uri: The S3 address of its model.tar.gz.
        started_from: What the training started from, as `TrainingStart.text`; None if unknown.
        run: Another run that has not ended and that follows the job or its results, or None.
        lost: The numbers of completed attempts whose models were found to be gone.
    """

    name: str
    attempt: int
    status: Literal["running", "completed", "interrupted", "failed"]
    model_uri: str
    started_from: str | None = None
    run: str | None = None
    lost: tuple[int, ...] = ()

    def is_reusable(self, force: bool) -> bool:
        """Return whether a run uses this job instead of a job of its own.

        Args:
            force: Whether a user wants the training to be repeated.
        """
        return self.status == "running" or (self.status == "completed" and not force)

    def is_taken(self, force: bool) -> bool:
        """Return whether the job is to be left to the other run that follows it."""
        if self.run is None:
            return False
        return self.status == "interrupted" or self.is_reusable(force)


def model_exists(s3: Any, uri: str) -> bool:
    """Return whether the model of a completed training was not deleted since.

    Args:
        s3: A boto3 S3 client.
        uri: The S3 address of its model.tar.gz.
    """
    bucket, key = split_s3_uri(uri)
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except s3.exceptions.ClientError as error:
        if error_code(error) in _MISSING:
            return False
        if not is_denied(error):  # Without s3:ListBucket, S3 answers 403 for a missing object.
            raise
    return True
