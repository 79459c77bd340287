"""Reads a job's log from CloudWatch: new lines while the job runs, the last lines afterwards."""

from typing import Any

from sagemaker_jobs.aws_errors import Client, error_code, is_retryable

_ENDPOINTS = "/aws/sagemaker/Endpoints"
_INSTANCES = 2  # Of an endpoint: several instances fail for the same reason.
_MAX_PAGES = 50  # Of one log stream in one poll; the next poll reads the rest.


class LogTail:
    """Reads the new lines of all log streams of a job with an async client.

    Attributes:
        lines_read: The number of lines read so far.
    """

    def __init__(self, client: Client, log_group: str, job_name: str) -> None:
        """Create a reader that starts at the beginning of the log.

        Args:
            client: An aiobotocore client of CloudWatch Logs.
            log_group: The log group of the job's kind.
            job_name: The job, whose log streams are named ``<job>/<host>-<time>``.
        """
        self._client = client
        self._group = log_group
        self._job_name = job_name
        self._tokens: dict[str, str] = {}
        self.lines_read = 0

    async def new_lines(self) -> list[str]:
        """Return the lines since the last call, oldest first, stream by stream.

        Returns no lines if the log does not exist yet or the service does not answer at the moment.
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
        return lines

    async def _read(self, stream: str) -> list[str]:
        lines: list[str] = []
        for _ in range(_MAX_PAGES):
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
    """Return the last lines of a job's log; none if there is no log.

    Args:
        client: A boto3 client of CloudWatch Logs.
        log_group: The log group of the job's kind.
        job_name: The job.
        limit: The maximum number of lines of each log stream.
    """
    try:
        streams = client.describe_log_streams(
            logGroupName=log_group, logStreamNamePrefix=f"{job_name}/"
        )["logStreams"]
        return _ends(client, log_group, streams, limit)
    except client.exceptions.ClientError as error:
        if error_code(error) == "ResourceNotFoundException":
            return []
        raise


def last_lines_of_endpoint(client: Client, endpoint_name: str, limit: int = 30) -> list[str]:
    """Return the last lines of the log of an endpoint's newest instances; none if there is no log.

    After a failed change these are the instances that were to serve the new configuration.

    Args:
        client: A boto3 client of CloudWatch Logs.
        endpoint_name: The endpoint, whose log group has a stream for each instance.
        limit: The maximum number of lines of each instance.
    """
    group = f"{_ENDPOINTS}/{endpoint_name}"
    try:
        streams = client.describe_log_streams(logGroupName=group)["logStreams"]
        newest = sorted(streams, key=lambda stream: stream.get("creationTime", 0))[-_INSTANCES:]
        return _ends(client, group, newest, limit)
    except client.exceptions.ClientError as error:
        if error_code(error) == "ResourceNotFoundException":
            return []
        raise


def _ends(client: Client, group: str, streams: list[dict[str, Any]], limit: int) -> list[str]:
    pages: list[dict[str, Any]] = [
        client.get_log_events(
            logGroupName=group,
            logStreamName=stream["logStreamName"],
            startFromHead=False,
            limit=limit,
        )
        for stream in streams
    ]
    return [event["message"].rstrip() for page in pages for event in page["events"]]
