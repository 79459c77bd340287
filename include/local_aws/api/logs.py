"""CloudWatch Logs for SageMaker's own log groups, served from the log files."""

import itertools
from pathlib import Path
from typing import Any

from include.local_aws.api.validation import ServiceModel
from include.local_aws.errors import ApiError
from include.local_aws.observability.logs import GROUP_PREFIX, Event, LogFiles, events
from include.local_aws.settings import ACCOUNT, REGION

_MOST_EVENTS = 10_000
_MOST_BYTES = 1024 * 1024
_OVERHEAD = 26  # CloudWatch counts this many bytes for each event
_STREAMS = 50
_INVALID = "InvalidParameterException"


def is_sagemaker_group(request: Any) -> bool:
    """Return whether a request to CloudWatch Logs is for a log group of SageMaker."""
    if not isinstance(request, dict):
        return False
    group = request.get("logGroupName") or request.get("logGroupIdentifier") or ""
    return isinstance(group, str) and group.startswith(GROUP_PREFIX)


class LogsApi:
    """DescribeLogStreams, GetLogEvents and FilterLogEvents on log files."""

    def __init__(self, files: LogFiles) -> None:
        self._files = files
        self._model = ServiceModel("logs")

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Return the response.

        Raises:
            ApiError: The group or stream does not exist, or the operation is not supported.
        """
        operations = {
            "DescribeLogStreams": self._describe_streams,
            "GetLogEvents": self._get_events,
            "FilterLogEvents": self._filter_events,
        }
        if operation not in operations:
            raise ApiError(
                f"local_aws does not support {operation} on SageMaker's own log groups.",
                code="InvalidOperationException",
            )
        checked = self._check(operation, request)
        if not self._files.has_group(checked["logGroupName"]):
            raise _missing("group")
        return operations[operation](checked)

    def _check(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Return the valid request with logGroupName; ApiError with CloudWatch's error code."""
        try:
            checked = self._model.check(operation, request)
        except ApiError as error:
            code = _INVALID if error.code == "ValidationException" else error.code
            raise ApiError(error.message, code=code) from error
        group = checked.get("logGroupName") or checked["logGroupIdentifier"]
        if operation != "GetLogEvents" and not checked.get("nextToken", "0").isdecimal():
            raise _bad_token()
        return {**checked, "logGroupName": group}

    def _describe_streams(self, request: dict[str, Any]) -> dict[str, Any]:
        group = request["logGroupName"]
        names = self._files.streams(group, request.get("logStreamNamePrefix", ""))
        if request.get("orderBy") == "LastEventTime":
            names.sort(key=lambda name: self._file(group, name).stat().st_mtime)
        if request.get("descending"):
            names.reverse()
        start = int(request.get("nextToken", 0))
        end = start + int(request.get("limit", _STREAMS))
        answer: dict[str, Any] = {
            "logStreams": [self._describe(group, name) for name in names[start:end]]
        }
        if end < len(names):
            answer["nextToken"] = str(end)
        return answer

    def _describe(self, group: str, name: str) -> dict[str, Any]:
        status = self._file(group, name).stat()
        return {
            "logStreamName": name,
            "creationTime": int(name.rpartition("-")[2]),
            "lastEventTimestamp": int(status.st_mtime * 1000),
            "lastIngestionTime": int(status.st_mtime * 1000),
            "storedBytes": 0,
            "arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}:log-stream:{name}",
        }

    def _get_events(self, request: dict[str, Any]) -> dict[str, Any]:
        file = self._file(request["logGroupName"], request["logStreamName"])
        limit = min(int(request.get("limit", _MOST_EVENTS)), _MOST_EVENTS)
        token = request.get("nextToken")
        if token is not None:
            side, offset = _read_token(token)
        else:
            side = "f" if request.get("startFromHead") else "b"
            offset = 0 if side == "f" else file.stat().st_size
        page = (
            _page(_events_between(file, request, offset, None), limit)
            if side == "f"
            else _last_page(_events_between(file, request, 0, offset), limit)
        )
        first = page[0].start if page else offset
        last = page[-1].end if page else offset
        return {
            "events": [_as_response(event) for event in page],
            "nextForwardToken": f"f/{last}",
            "nextBackwardToken": f"b/{first}",
        }

    def _filter_events(self, request: dict[str, Any]) -> dict[str, Any]:
        group = request["logGroupName"]
        pattern = request.get("filterPattern", "").strip('" ')
        names = request.get("logStreamNames") or self._files.streams(
            group, request.get("logStreamNamePrefix", "")
        )
        found = [
            {**_as_response(event), "logStreamName": name, "eventId": f"{name}/{event.start}"}
            for name in names
            for event in _events_between(self._file(group, name), request, 0, None)
            if pattern in event.message
        ]
        found.sort(key=lambda event: (event["timestamp"], event["eventId"]))
        start = int(request.get("nextToken", 0))
        end = start + min(int(request.get("limit", _MOST_EVENTS)), _MOST_EVENTS)
        answer: dict[str, Any] = {"events": found[start:end], "searchedLogStreams": []}
        if end < len(found):
            answer["nextToken"] = str(end)
        return answer

    def _file(self, group: str, stream: str) -> Path:
        file = self._files.file(group, stream)
        if file is None:
            raise _missing("stream")
        return file


def _events_between(
    file: Path, request: dict[str, Any], start: int, end: int | None
) -> list[Event]:
    """Return the events between two offsets of a file and between the request's times."""
    after = request.get("startTime", 0)
    before = request.get("endTime", float("inf"))
    return [event for event in events(file, start, end) if after <= event.timestamp < before]


def _page(found: list[Event], limit: int) -> list[Event]:
    """Return as many of the first events as one response holds, but at least one."""
    sizes = itertools.accumulate(len(event.message) + _OVERHEAD for event in found)
    count = sum(1 for size in sizes if size <= _MOST_BYTES)
    return found[: min(limit, max(count, 1))]


def _last_page(found: list[Event], limit: int) -> list[Event]:
    return _page(found[::-1], limit)[::-1]


def _as_response(event: Event) -> dict[str, Any]:
    return {
        "timestamp": event.timestamp,
        "ingestionTime": event.timestamp,
        "message": event.message,
    }


def _read_token(token: str) -> tuple[str, int]:
    side, _, offset = token.partition("/")
    if side not in ("f", "b") or not offset.isdigit():
        raise _bad_token()
    return side, int(offset)


def _bad_token() -> ApiError:
    return ApiError("The specified nextToken is invalid.", code=_INVALID)


def _missing(kind: str) -> ApiError:
    return ApiError(f"The specified log {kind} does not exist.", code="ResourceNotFoundException")
