"""The evaluation's manifest lists the split's photos, each content once."""

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


LIMITS = Evaluation(transform=TransformConfig(max_payload_mb=1))


@pytest.mark.parametrize("split", ["test", "train"])
def test_a_photo_that_no_request_carries_is_told_before_training(
    s3: Any, layout: Layout, split: str
) -> None:
    """Else it fails after the training, which is then paid for again every night."""
    row = {"key": "aa/1.jpg", "label": 0, "split": split, "size": 1024 * 1024 + 1}
    fits = {"key": "bb/2.jpg", "label": 0, "split": "test", "size": 1024 * 1024}
    s3.answer("get_object", s3.body("\n".join(map(json.dumps, (row, fits))).encode()))
    if split == "train":
        check_evaluation(s3.client, layout, "v1", LIMITS)
        return
    told = r"1 of the test images of dataset v1 .* \(1\), aa/1\.jpg for one with 1048577 bytes"
    with pytest.raises(RecordError, match=told):
        check_evaluation(s3.client, layout, "v1", LIMITS)


def test_a_split_that_is_empty_is_told_before_training(s3: Any, layout: Layout) -> None:
    s3.answer("get_object", s3.body(rows(("aa/1.jpg", "train"))))
    with pytest.raises(RecordError, match="dataset v1 has no test images"):
        check_evaluation(s3.client, layout, "v1", LIMITS)


def test_a_manifest_that_is_gone_is_named(s3: Any, layout: Layout) -> None:
    s3.refuse("get_object", "NoSuchKey")
    with pytest.raises(RecordError, match=r"v1/manifest\.jsonl is missing"):
        check_evaluation(s3.client, layout, "v1", LIMITS)
