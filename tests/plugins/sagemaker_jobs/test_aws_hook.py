"""Clients read times as botocore does."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.utils import parse_timestamp
from moto import mock_aws


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-30T20:00:00.000Z",
        "2026-11-30T20:00:00Z",
        "2026-11-30T21:00:00.5+01:00",
        "2026-11-30T20:00:00",
        "20261130T200000Z",
        "Mon, 30 Nov 2026 20:00:00 GMT",
        "1796068800",
        1796068800,
        1796068800.25,
    ],
)
def test_times_are_those_of_botocore(value: Any) -> None:
    from sagemaker_jobs.aws_hook import parse_time

    expected = parse_timestamp(value)
    assert (parse_time(value), parse_time(value).utcoffset()) == (expected, expected.utcoffset())
    assert parse_time(value).isoformat() == expected.isoformat()


def test_what_is_no_time_is_an_error() -> None:
    from sagemaker_jobs.aws_hook import parse_time

    with pytest.raises(ValueError, match="no time"):
        parse_time("no time")


@mock_aws
def test_clients_use_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", "aws://?region_name=us-east-1")
    from sagemaker_jobs import aws_hook

    parsed: list[Any] = []

    def parse(value: Any) -> Any:
        parsed.append(value)
        return parse_timestamp(value)

    monkeypatch.setattr(aws_hook, "parse_time", parse)
    s3 = aws_hook.create_client("aws_default", "s3")
    s3.create_bucket(Bucket="photos")
    s3.put_object(Bucket="photos", Key="a.jpg", Body=b"")
    (entry,) = s3.list_objects_v2(Bucket="photos")["Contents"]
    assert entry["LastModified"].utcoffset().total_seconds() == 0
    assert any(str(value).endswith("Z") for value in parsed)
