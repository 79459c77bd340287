"""Two models are compared on the photos that both were asked, each by its own version's labels."""

import io
import json
from typing import Any

import boto3
import pytest
from botocore.response import StreamingBody

from include.pipeline import Layout
from include.policies.common_images import CommonFigures, compare_on_common_images
from include.policies.registry import Package

CANDIDATE = {"training_job": "new", "dataset_version": "d2"}
CHAMPION = Package("arn", "Approved", "i", "m", {"training_job": "old", "dataset_version": "d1"})

ROOT = "stanford_cars"


def manifest(**labels: int) -> bytes:
    rows = [
        {"key": f"{key}.jpg", "size": 1, "label": label, "split": "test"}
        for key, label in labels.items()
    ]
    return "\n".join(map(json.dumps, rows)).encode()


def answer(best: int) -> bytes:
    return json.dumps({"prediction": [float(place == best) for place in range(3)]}).encode()


class Objects:
    """An S3 client over a mapping: its threads ask in any order, which a stub does not allow."""

    exceptions = boto3.client("s3", region_name="us-east-1").exceptions

    def __init__(self, objects: dict[str, bytes]) -> None:
        self.objects = objects

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        if Key not in self.objects:
            raise self.exceptions.NoSuchKey({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        content = self.objects[Key]
        return {"Body": StreamingBody(io.BytesIO(content), len(content))}


@pytest.fixture
def objects() -> dict[str, bytes]:
    """Give two versions, in which class 0 became class 1, and both models' answers."""
    answers = {"new": {"a": 1, "b": 2, "c": 1}, "old": {"a": 0, "b": 0}}
    return {
        f"{ROOT}/dataset/versions/d1/manifest.jsonl": manifest(a=0, b=1),
        f"{ROOT}/dataset/versions/d2/manifest.jsonl": manifest(a=1, b=2, c=0),
        **{
            f"{ROOT}/evaluations/{job}/transform/{key}.jpg.out": answer(best)
            for job, its in answers.items()
            for key, best in its.items()
        },
    }


def compare(objects: dict[str, bytes], layout: Layout, champion: Package | None) -> Any:
    return compare_on_common_images(Objects(objects), layout, "test", CANDIDATE, champion)


def test_only_common_images_count(objects: dict[str, bytes], layout: Layout) -> None:
    assert compare(objects, layout, CHAMPION) == CommonFigures(2, 1.0, 0.5)


def test_on_the_same_version_the_evaluations_are_enough(layout: Layout) -> None:
    same = Package("arn", "Approved", "i", "m", {**CHAMPION.metadata, "dataset_version": "d2"})
    assert compare({}, layout, same) is None
    assert compare({}, layout, None) is None


def test_answers_that_were_cleared_away_are_done_without(
    objects: dict[str, bytes], layout: Layout
) -> None:
    del objects[f"{ROOT}/evaluations/old/transform/a.jpg.out"]
    assert compare(objects, layout, CHAMPION) is None
