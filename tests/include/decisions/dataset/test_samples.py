"""Tests of a version's samples, and of the check before a training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from include.config.instances import TransformConfig
from include.config.sections.evaluation import Evaluation
from include.contracts.dataset import Split
from include.contracts.records import SampleImage
from include.contracts.records.samples import LARGEST_BODY, MAX_SMOKE_IMAGES, SampleCollector
from include.decisions.dataset.samples import check_evaluation, read_samples
from include.image_classification.dataset.version.manifest import Image, Version, write_version
from include.storage.layout import Layout
from include.storage.records import RecordError

LIMITS = Evaluation(transform=TransformConfig(max_payload_mb=1))
MIB = 1024 * 1024


def _image(number: int, split: Split, size: int = 1, label: int = 0) -> Image:
    sha256 = f"{number:064x}"
    return Image(f"{number}.jpg", sha256, size, 1, 1, label, split, f"{sha256[:2]}/{sha256}.jpg")


def _store(client: Any, layout: Layout, folder: Path, *images: Image) -> None:
    """Store a version as the refresh job does."""
    write_version(folder, Version(images, ["a", "b"]), [], [])
    for file in folder.iterdir():
        key = f"{layout.dataset('v1')}{file.name}"
        client.put_object(Bucket=layout.bucket, Key=key, Body=file.read_bytes())


def test_the_samples_of_the_refresh_are_those_of_the_manifest(
    client: Any, layout: Layout, tmp_path: Path
) -> None:
    images = [_image(n, ("train", "test")[n % 2], size=n, label=n % 5) for n in range(300)]
    _store(client, layout, tmp_path, *images)
    by_refresh = read_samples(client, layout, "v1")
    client.delete_object(Bucket=layout.bucket, Key=layout.dataset_samples("v1"))
    assert read_samples(client, layout, "v1") == by_refresh
    assert by_refresh.images == 300
    client.delete_object(Bucket=layout.bucket, Key=layout.dataset_manifest("v1"))
    assert read_samples(client, layout, "v1") == by_refresh, "they are stored"


@pytest.mark.parametrize(("classes", "count"), [(3, 300), (80, 300), (80, 20)])
def test_the_smoke_images_are_of_many_classes_and_in_the_order_of_their_keys(
    classes: int, count: int
) -> None:
    """Whatever the number of images that a smoke test uses, the first ones are those it chose."""
    collector = SampleCollector()
    numbers = [(7 * n) % count for n in range(count)]
    for number in numbers if count % 7 else range(count):
        collector.add("test", f"{number:03}", 1, number % classes)
    collector.add("test", "000 too large", LARGEST_BODY + 1, 0)
    found = collector.samples().split("test").smoke
    firsts = [f"{label:03}" for label in range(min(classes, count))]
    rest = [f"{number:03}" for number in range(count) if f"{number:03}" not in firsts]
    assert [image.key for image in found] == [*firsts, *rest][:MAX_SMOKE_IMAGES]


def test_the_largest_image_is_noted_though_no_endpoint_takes_it() -> None:
    collector = SampleCollector()
    collector.add("test", "a", LARGEST_BODY + 1, 3)
    samples = collector.samples().split("test")
    assert samples.largest == SampleImage(key="a", size=LARGEST_BODY + 1, label=3)
    assert samples.smoke == []


@pytest.mark.parametrize("split", ["test", "train"])
def test_a_photo_too_large_for_a_request_fails_the_check(
    client: Any, layout: Layout, tmp_path: Path, split: Split
) -> None:
    """Otherwise the run would fail after the training, and every nightly run would train again."""
    _store(client, layout, tmp_path, _image(1, split, size=MIB + 1), _image(2, "test", size=MIB))
    if split == "train":
        check_evaluation(client, layout, "v1", LIMITS)
        return
    message = r"largest of the 2 test images of dataset v1, 00/0*1\.jpg, has 1048577 bytes, more.*1"
    with pytest.raises(RecordError, match=message):
        check_evaluation(client, layout, "v1", LIMITS)


def test_an_empty_split_fails_the_check(client: Any, layout: Layout, tmp_path: Path) -> None:
    _store(client, layout, tmp_path, _image(1, "train"))
    with pytest.raises(RecordError, match="dataset v1 has no test images"):
        check_evaluation(client, layout, "v1", LIMITS)


def test_a_missing_manifest_raises(client: Any, layout: Layout) -> None:
    with pytest.raises(RecordError, match=r"v1/manifest\.jsonl is missing"):
        check_evaluation(client, layout, "v1", LIMITS)


def test_damaged_samples_are_named(client: Any, layout: Layout) -> None:
    body = json.dumps({"splits": {"test": {"images": -1}}}).encode()
    client.put_object(Bucket=layout.bucket, Key=layout.dataset_samples("v1"), Body=body)
    with pytest.raises(RecordError, match=r"samples\.json: splits\.test\.images is -1"):
        check_evaluation(client, layout, "v1", LIMITS)
