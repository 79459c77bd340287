"""Tests of `count_missing_images`."""

import json
from typing import Any

import pytest

from include.decisions.conversion.stored_images import count_missing_images
from include.storage.layout import Layout
from include.storage.records import RecordError

ROWS = [{"key": f"ab/{name}.jpg", "size": 10} for name in ("1", "2", "3")]


@pytest.mark.parametrize(
    ("stored", "missing"),
    [
        ([("ab/1.jpg", 10), ("ab/2.jpg", 10), ("ab/3.jpg", 10), ("cd/other.jpg", 1)], 0),
        ([("ab/1.jpg", 10), ("ab/2.jpg", 9)], 2),
        ([], 3),
    ],
)
def test_missing_and_truncated_images_are_counted(
    s3: Any, layout: Layout, stored: list[tuple[str, int]], missing: int
) -> None:
    manifest = "\n".join(map(json.dumps, ROWS)).encode() + b"\n"
    s3.answer(
        "get_object",
        s3.body(manifest),
        Bucket="some-bucket",
        Key="stanford_cars/dataset/versions/v1/manifest.jsonl",
    )
    contents = [{"Key": f"stanford_cars/images/{key}", "Size": size} for key, size in stored]
    first, second = contents[:1], contents[1:]
    page = {"Contents": first, "IsTruncated": True, "NextContinuationToken": "next"}
    s3.answer("list_objects_v2", page, Bucket="some-bucket", Prefix="stanford_cars/images/")
    s3.answer("list_objects_v2", {"Contents": second})
    assert count_missing_images(s3.client, layout, "v1") == missing


def test_a_missing_manifest_of_the_current_version_raises(s3: Any, layout: Layout) -> None:
    s3.refuse("get_object", "NoSuchKey")
    with pytest.raises(
        RecordError, match=r"v1/manifest\.jsonl is missing, although .*current\.json"
    ):
        count_missing_images(s3.client, layout, "v1")
