"""Logs of jobs."""

import time
from typing import Any

from tests.include.local_aws.server.jobs import ServerWithJobs
from tests.waiting import LONG


class ServerWithLogs(ServerWithJobs):
    """A server, with short calls for the logs of jobs."""

    def log(self, kind: str, name: str, host: str = "") -> list[str]:
        """Return the lines of a job's only log stream, or a host's; [] before it exists."""
        group = f"/aws/sagemaker/{kind.capitalize()}Jobs"
        try:
            (stream,) = self.logs.describe_log_streams(
                logGroupName=group, logStreamNamePrefix=f"{name}/{host}"
            )["logStreams"]
        except (self.logs.exceptions.ResourceNotFoundException, ValueError):
            return []
        return self._messages(group, stream)

    def streams(self, kind: str, name: str) -> list[list[str]]:
        """Return the lines of all log streams of a job, the oldest stream first."""
        group = f"/aws/sagemaker/{kind.capitalize()}Jobs"
        found = self.logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=f"{name}/")
        return [self._messages(group, stream) for stream in found["logStreams"]]

    def wait_for_streams(self, kind: str, name: str, count: int, line: str) -> None:
        """Wait until `count` log streams of a job contain the line."""
        deadline = time.monotonic() + LONG
        while sum(line in lines for lines in self.streams(kind, name)) < count:
            assert time.monotonic() < deadline, f"{name} never logged {line!r} in {count} streams"
            time.sleep(0.05)

    def _messages(self, group: str, stream: Any) -> list[str]:
        events = self.logs.get_log_events(
            logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True
        )["events"]
        return [event["message"] for event in events]

    def wait_for_log(self, kind: str, name: str, line: str) -> None:
        """Wait until a job has logged a line."""
        deadline = time.monotonic() + LONG
        while line not in self.log(kind, name):
            assert time.monotonic() < deadline, f"{name} never logged {line!r}"
            time.sleep(0.05)
