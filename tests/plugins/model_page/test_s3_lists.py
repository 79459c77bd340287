"""Lists of S3 keys: what the fast parser reads is what botocore's parser reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from model_page.s3_lists import parse_lists_fast

BUCKET = "some-bucket"
NAMES = (
    "plain.jpg", "with space.jpg", "a&b <c> \"d\".jpg", "percent%20.jpg", "plus+.jpg",
    "Übung/straße.jpg", "</Contents><Key>x</Key>.jpg", "new\nline.jpg", "folder/one", "folder/two",
)  # fmt: skip


@pytest.fixture
def clients() -> Iterator[tuple[Any, Any]]:
    """Two clients of a bucket with `NAMES`; the second one parses lists fast."""
    with mock_aws():
        usual, fast = (boto3.client("s3", region_name="us-east-1") for _ in range(2))
        usual.create_bucket(Bucket=BUCKET)
        for name in NAMES:
            usual.put_object(Bucket=BUCKET, Key=name, Body=b"x")
        parse_lists_fast(fast)
        yield usual, fast


@pytest.mark.parametrize(
    "request_",
    [{}, {"Delimiter": "/"}, {"Prefix": "folder/"}, {"Prefix": "none/"}, {"MaxKeys": 2}],
)
def test_objects_and_folders_are_the_same(
    clients: tuple[Any, Any], request_: dict[str, Any]
) -> None:
    usual, fast = (client.list_objects_v2(Bucket=BUCKET, **request_) for client in clients)
    for name in ("CommonPrefixes", "KeyCount", "IsTruncated", "NextContinuationToken"):
        assert fast.get(name) == usual.get(name), name
    kept = ("Key", "LastModified")
    expected = [{key: item[key] for key in kept} for item in usual.get("Contents", [])]
    assert fast.get("Contents", []) == expected
    assert ("Contents" in fast) == ("Contents" in usual)


def test_errors_are_botocores(clients: tuple[Any, Any]) -> None:
    _, fast = clients
    with pytest.raises(fast.exceptions.NoSuchBucket):
        fast.list_objects_v2(Bucket="another-bucket")
