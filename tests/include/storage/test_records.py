"""Records in S3: a missing or damaged record is named with what writes it."""

from typing import Any

import pytest

from include.storage.records import RecordError, need_record, read_record


def test_the_error_of_a_missing_record_names_what_writes_it(s3: Any) -> None:
    s3.refuse("get_object", "NoSuchKey")
    assert read_record(s3.client, "b", "k.json") is None
    s3.refuse("get_object", "NoSuchKey")
    with pytest.raises(RecordError, match=r"s3://b/k\.json is missing: job x writes it"):
        need_record(s3.client, "b", "k.json", "job x")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is not JSON"),
        (b'{"top1": ', "is not JSON"),
        (b"\xff\xfe\x00", "is not JSON"),
        (b"[1, 2]", "must hold a JSON mapping"),
    ],
)
def test_a_damaged_record_is_named(s3: Any, content: bytes, reason: str) -> None:
    s3.answer("get_object", s3.body(content))
    with pytest.raises(RecordError, match=rf"s3://b/k\.json {reason}"):
        read_record(s3.client, "b", "k.json")
