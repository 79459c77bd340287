"""What a job's program printed, from CloudWatch: new lines while it runs, the last ones after."""

import re
from typing import Any

from sagemaker_jobs.aws_errors import Client, error_code, is_retryable

_MOST_PAGES = 50  # Of one stream in one poll; the rest comes with the next.


class LogTail:
    """Follows all log streams of one job with an async client, line by line.

    `lines_read` counts all lines so far, told or not.
    """

    def __init__(self, client: Client, log_group: str, job_name: str, pattern: str) -> None:
        """Follow a job's log.

        Args:
            client: An aiobotocore client of CloudWatch Logs.
            log_group: The kind's log group.
            job_name: The job, whose streams are called ``<job>/<machine>-<time>``.
            pattern: A regular expression; a line is told where it matches anywhere in it.
        """
        self._client = client
        self._group = log_group
        self._job_name = job_name
        self._pattern = re.compile(pattern)
        self._tokens: dict[str, str] = {}
        self.lines_read = 0

    async def new_lines(self) -> list[str]:
        """Return the matching lines since the last call, oldest first, stream by stream.

        A log that does not exist yet, and a service that is away for a moment, have no lines.
        """
        try:
            streams = await self._client.describe_log_streams(
                logGroupName=self._group, logStreamNamePrefix=f"{self._job_name}/"
            )
            lines: list[str] = []
            for stream in streams["logStreams"]:
                lines += await self._read(stream["logStreamName"])
        except Exception as error:
            if error_code(error) == "ResourceNotFoundException" or is_retryable(error):
                return []
            raise
        return [line for line in lines if self._pattern.search(line)]

    async def _read(self, stream: str) -> list[str]:
        lines: list[str] = []
        for _ in range(_MOST_PAGES):
            token = self._tokens.get(stream)
            page = await self._client.get_log_events(
                logGroupName=self._group,
                logStreamName=stream,
                startFromHead=True,
                **({"nextToken": token} if token else {}),
            )
            lines += [event["message"].rstrip() for event in page["events"]]
            self.lines_read += len(page["events"])
            self._tokens[stream] = page["nextForwardToken"]
            if page["nextForwardToken"] == token:
                break
        return lines


def last_lines(client: Client, log_group: str, job_name: str, limit: int = 30) -> list[str]:
    """Return the last lines of a job's log, none where it has none.

    Args:
        client: A boto3 client of CloudWatch Logs.
        log_group: The kind's log group.
        job_name: The job.
        limit: The most lines of a machine's stream.
    """
    try:
        streams = client.describe_log_streams(
            logGroupName=log_group, logStreamNamePrefix=f"{job_name}/"
        )["logStreams"]
        pages: list[dict[str, Any]] = [
            client.get_log_events(
                logGroupName=log_group,
                logStreamName=stream["logStreamName"],
                startFromHead=False,
                limit=limit,
            )
            for stream in streams
        ]
    except client.exceptions.ClientError as error:
        if error_code(error) == "ResourceNotFoundException":
            return []
        raise
    return [event["message"].rstrip() for page in pages for event in page["events"]]
