"""The evaluation's manifest lists the split's photos, each content once."""

import json
from typing import Any

import pytest

from include.pipeline import Layout
from include.policies.records import RecordError
from include.policies.split import write_evaluation_manifest


def rows(*entries: tuple[str, str]) -> bytes:
    lines = [
        json.dumps({"key": key, "size": 1, "label": 0, "split": split}) for key, split in entries
    ]
    return ("\n".join(lines) + "\n").encode()


def test_the_manifest_lists_the_split(s3: Any, layout: Layout) -> None:
    content = rows(("bb/2.jpg", "test"), ("aa/1.jpg", "test"), ("cc/3.jpg", "train"))
    s3.answer("get_object", s3.body(content))
    expected = [{"prefix": "s3://some-bucket/stanford_cars/images/"}, "aa/1.jpg", "bb/2.jpg"]
    s3.answer(
        "put_object",
        {},
        Bucket="some-bucket",
        Key="stanford_cars/evaluations/job-1/images.manifest",
        Body=json.dumps(expected, indent=1, ensure_ascii=False).encode(),
        ContentType="application/json",
    )
    assert write_evaluation_manifest(s3.client, layout, "job-1", "v1", "test") == 2


def test_an_empty_split_is_told(s3: Any, layout: Layout) -> None:
    s3.answer("get_object", s3.body(rows(("aa/1.jpg", "train"))))
    with pytest.raises(RecordError, match="dataset v1 has no test images"):
        write_evaluation_manifest(s3.client, layout, "job-1", "v1", "test")
