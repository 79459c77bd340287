"""Tests of the evaluation's manifest and its check before a training."""

import json
from typing import Any

import pytest

from include.config.instances import TransformConfig
from include.config.sections.evaluation import Evaluation
from include.decisions.dataset.split import check_evaluation, write_evaluation_manifest
from include.storage.layout import Layout
from include.storage.records import RecordError


def rows(*entries: tuple[str, str]) -> bytes:
    lines = [
        json.dumps({"key": key, "size": 1, "label": 0, "split": split}) for key, split in entries
    ]
    return ("\n".join(lines) + "\n").encode()


def test_the_manifest_lists_the_splits_photos(s3: Any, layout: Layout) -> None:
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


def test_an_empty_split_raises(s3: Any, layout: Layout) -> None:
    s3.answer("get_object", s3.body(rows(("aa/1.jpg", "train"))))
    with pytest.raises(RecordError, match="dataset v1 has no test images"):
        write_evaluation_manifest(s3.client, layout, "job-1", "v1", "test")


LIMITS = Evaluation(transform=TransformConfig(max_payload_mb=1))


@pytest.mark.parametrize("split", ["test", "train"])
def test_a_photo_too_large_for_a_request_fails_the_check(
    s3: Any, layout: Layout, split: str
) -> None:
    """Otherwise the run would fail after the training, and every nightly run would train again."""
    row = {"key": "aa/1.jpg", "label": 0, "split": split, "size": 1024 * 1024 + 1}
    fits = {"key": "bb/2.jpg", "label": 0, "split": "test", "size": 1024 * 1024}
    s3.answer("get_object", s3.body("\n".join(map(json.dumps, (row, fits))).encode()))
    if split == "train":
        check_evaluation(s3.client, layout, "v1", LIMITS)
        return
    message = r"1 of the test images of dataset v1 .* \(1\), for example aa/1\.jpg with 1048577"
    with pytest.raises(RecordError, match=message):
        check_evaluation(s3.client, layout, "v1", LIMITS)


def test_an_empty_split_fails_the_check(s3: Any, layout: Layout) -> None:
    s3.answer("get_object", s3.body(rows(("aa/1.jpg", "train"))))
    with pytest.raises(RecordError, match="dataset v1 has no test images"):
        check_evaluation(s3.client, layout, "v1", LIMITS)


def test_a_missing_manifest_raises(s3: Any, layout: Layout) -> None:
    s3.refuse("get_object", "NoSuchKey")
    with pytest.raises(RecordError, match=r"v1/manifest\.jsonl is missing"):
        check_evaluation(s3.client, layout, "v1", LIMITS)
