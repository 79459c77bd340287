"""Log files as CloudWatch log streams."""

from pathlib import Path
from typing import Any

import pytest

from include.local_aws.api.logs import LogsApi
from include.local_aws.errors import ApiError
from include.local_aws.observability.logs import LogFiles

GROUP = "/aws/sagemaker/TrainingJobs"


@pytest.fixture
def files(tmp_path: Path) -> LogFiles:
    return LogFiles(tmp_path)


@pytest.fixture
def stream(files: LogFiles) -> str:
    path = files.new_stream(GROUP, "job/algo-1")
    path.write_bytes(b"".join(b"%d line %d\n" % (1000 + n, n) for n in range(25)) + b"1030 hal")
    return f"job/{path.name}"


def _get(files: LogFiles, stream: str, **request: Any) -> Any:
    parameters = {"logGroupName": GROUP, "logStreamName": stream, **request}
    return LogsApi(files).call("GetLogEvents", parameters)


@pytest.mark.conformance("GetLogEvents")
def test_forward_pages_end_with_a_repeated_token(files: LogFiles, stream: str) -> None:
    seen: list[str] = []
    token = None
    while True:
        after: dict[str, Any] = {"nextToken": token} if token else {}
        answer = _get(files, stream, startFromHead=True, limit=10, **after)
        seen += [event["message"] for event in answer["events"]]
        if answer["nextForwardToken"] == token:
            break
        token = answer["nextForwardToken"]
    assert seen == [f"line {n}" for n in range(25)]


def test_new_lines_are_returned_after_the_last_token(files: LogFiles, stream: str) -> None:
    token = _get(files, stream, startFromHead=True)["nextForwardToken"]
    path = files.file(GROUP, stream)
    assert path is not None
    with path.open("ab") as log:
        log.write(b"f\n1031 more\n")
    answer = _get(files, stream, startFromHead=True, nextToken=token)
    assert [event["message"] for event in answer["events"]] == ["half", "more"]


@pytest.mark.conformance("GetLogEvents")
def test_pages_go_backward_without_start_from_head(files: LogFiles, stream: str) -> None:
    answer = _get(files, stream, limit=2)
    assert [event["message"] for event in answer["events"]] == ["line 23", "line 24"]
    earlier = _get(files, stream, limit=2, nextToken=answer["nextBackwardToken"])
    assert [event["message"] for event in earlier["events"]] == ["line 21", "line 22"]


@pytest.mark.conformance("GetLogEvents")
def test_start_time_and_end_time_limit_the_events(files: LogFiles, stream: str) -> None:
    answer = _get(files, stream, startFromHead=True, startTime=1003, endTime=1005)
    assert [event["timestamp"] for event in answer["events"]] == [1003, 1004]


@pytest.mark.conformance("FilterLogEvents")
def test_filter_searches_all_streams(files: LogFiles, stream: str) -> None:
    request = {"logGroupName": GROUP, "filterPattern": '"line 7"'}
    (event,) = LogsApi(files).call("FilterLogEvents", request)["events"]
    assert (event["message"], event["logStreamName"]) == ("line 7", stream)


@pytest.mark.conformance("DescribeLogStreams")
def test_streams_are_found_by_prefix(files: LogFiles, stream: str) -> None:
    files.new_stream(GROUP, "job-2/algo-1")
    request = {"logGroupName": GROUP, "logStreamNamePrefix": "job/"}
    (found,) = LogsApi(files).call("DescribeLogStreams", request)["logStreams"]
    assert found["logStreamName"] == stream


@pytest.mark.parametrize(
    ("group", "name"),
    [("/aws/sagemaker/Nothing", "a/b-1"), (GROUP, "a/b-1"), (GROUP, "../../etc/passwd")],
)
def test_a_missing_stream_is_not_found(files: LogFiles, stream: str, group: str, name: str) -> None:
    with pytest.raises(ApiError) as rejected:
        LogsApi(files).call("GetLogEvents", {"logGroupName": group, "logStreamName": name})
    assert rejected.value.code == "ResourceNotFoundException"


def test_an_invalid_token_is_rejected(files: LogFiles, stream: str) -> None:
    with pytest.raises(ApiError, match="nextToken is invalid"):
        _get(files, stream, nextToken="b/x")


@pytest.mark.parametrize(
    ("operation", "wrong"),
    [
        ("DescribeLogStreams", {"nextToken": "x"}),
        ("DescribeLogStreams", {"limit": "many"}),
        ("DescribeLogStreams", {"limit": 0}),
        ("FilterLogEvents", {"nextToken": "-1"}),
        ("FilterLogEvents", {"logStreamNames": "a"}),
        ("FilterLogEvents", {"startTime": "now"}),
        ("GetLogEvents", {}),
        ("GetLogEvents", {"logStreamName": 7}),
        ("GetLogEvents", {"logStreamName": "job/algo-1-5", "nextToken": "f/x"}),
    ],
)
def test_a_malformed_request_is_a_client_error(
    tmp_path: Path, operation: str, wrong: dict[str, Any]
) -> None:
    (tmp_path / "TrainingJobs/job").mkdir(parents=True)
    (tmp_path / "TrainingJobs/job/algo-1-5").write_text("1 a\n")
    with pytest.raises(ApiError) as rejected:
        LogsApi(LogFiles(tmp_path)).call(operation, {"logGroupName": GROUP, **wrong})
    assert rejected.value.code in ("InvalidParameterException", "SerializationException")


def test_a_group_is_found_by_its_identifier(tmp_path: Path) -> None:
    (tmp_path / "TrainingJobs").mkdir()
    answer = LogsApi(LogFiles(tmp_path)).call("DescribeLogStreams", {"logGroupIdentifier": GROUP})
    assert answer["logStreams"] == []
