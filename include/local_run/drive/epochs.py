"""Accuracy of each epoch of a training job, read from its log."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from include.contracts.metrics import EPOCH_ACCURACY, TRAIN_PREFIX

GROUP = "/aws/sagemaker/TrainingJobs"


class EpochLog:
    """Reads new lines of a training job's log.

    Args:
        logs: A boto3 CloudWatch Logs client.
        job: The training job's name.
        epochs: Number of epochs of the training.
    """

    def __init__(self, logs: Any, job: str, epochs: int) -> None:
        self._logs, self._job, self._epochs = logs, job, epochs
        self._stream: str | None = None
        self._token: str | None = None
        self._train: dict[int, str] = {}

    def new_epochs(self) -> list[str]:
        """Return a line for each epoch that ended since the last call."""
        try:
            return [line for event in self._events() for line in self._describe(event["message"])]
        except ClientError:
            return []  # the log stream is created some time after the job

    def _events(self) -> list[dict[str, Any]]:
        if self._stream is None:
            found = self._logs.describe_log_streams(
                logGroupName=GROUP, logStreamNamePrefix=f"{self._job}/"
            )["logStreams"]
            if not found:
                return []
            self._stream = found[0]["logStreamName"]
        token = {"nextToken": self._token} if self._token else {}
        answer = self._logs.get_log_events(
            logGroupName=GROUP, logStreamName=self._stream, startFromHead=True, **token
        )
        self._token = answer["nextForwardToken"]
        events: list[dict[str, Any]] = answer["events"]
        return events

    def _describe(self, message: str) -> list[str]:
        lines = []
        for match in EPOCH_ACCURACY.finditer(message):
            epoch, value = int(match["epoch"]), match["value"]
            if match["prefix"] == TRAIN_PREFIX:
                self._train[epoch] = value
            else:
                train = f"{float(self._train.get(epoch, 'nan')):.3f}"
                lines.append(
                    f"epoch {epoch + 1} of {self._epochs}: accuracy {train} in training, "
                    f"{float(value):.3f} in validation"
                )
        return lines
