"""Tests of `check_stored_images`."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from include.decisions.dataset import stored_images
from include.decisions.dataset.stored_images import StoredImages, check_stored_images
from include.storage.layout import Layout
from include.storage.records import RecordError

COUNT = 2_000
"""Images of a version in these tests, whose manifest has 100 bytes a row."""


class Store:
    """A bucket with a version of some images, each of which is stored."""

    def __init__(self, client: Any, layout: Layout) -> None:
        self.client, self.layout = client, layout
        self.calls: Counter[str] = Counter()
        client.meta.events.register("before-call.s3.*", self._count)

    def _count(self, model: Any, **_: Any) -> None:
        self.calls[model.name] += 1

    def fill(self, images: int, stored: range, size: int = 10) -> None:
        """Write a version's manifest, and these of its images."""
        rows = (
            {"key": self._key(n), "size": 10, "split": "train", "label": 0} for n in range(images)
        )
        text = "".join(f"{json.dumps(row):<99}\n" for row in rows)
        self._put(self.layout.dataset_manifest("v1"), text.encode())
        for number in stored:
            self._put(self.layout.image(self._key(number)), b"x" * size)

    def _key(self, number: int) -> str:
        return f"ab/{number:08}.jpg"

    def _put(self, key: str, content: bytes) -> None:
        self.client.put_object(Bucket=self.layout.bucket, Key=key, Body=content)

    def check(self, seed: int = 0) -> StoredImages:
        return check_stored_images(self.client, self.layout, "v1", random.Random(seed))


@pytest.fixture
def store(layout: Layout) -> Iterator[Store]:
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=layout.bucket)
        yield Store(client, layout)


@pytest.mark.parametrize(
    ("stored", "size", "missing"),
    [(range(9), 10, 0), (range(1, 3), 10, 1), (range(3), 9, 3), (range(0), 10, 3)],
)
def test_all_missing_and_truncated_images_of_a_small_version_are_counted(
    store: Store, stored: range, size: int, missing: int
) -> None:
    store.fill(3, stored, size)
    found = store.check()
    assert (found.missing, found.is_sample) == (missing, False)
    assert str(found) == f"{missing} images"
    assert store.calls["HeadObject"] == 1, "the manifest's"


def test_a_sample_of_a_large_version_is_looked_up_without_a_listing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_images, "MAX_IMAGES", COUNT - 1)
    store.fill(COUNT, range(0))
    found = store.check()
    assert found.missing == found.checked
    assert 300 < found.checked < 700, "8 kB hold 80 of the rows here, and parts may overlap"
    assert str(found) == f"{found.missing} images of {found.checked} that were looked up"
    assert store.calls["ListObjectsV2"] == 0
    assert store.check(seed=1) != found, "other images are looked up in another run"


def test_a_version_whose_images_are_all_stored_lacks_none(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_images, "MAX_IMAGES", 29)
    store.fill(30, range(30))
    assert store.check() == StoredImages(missing=0, checked=30, images=30)


def test_a_folder_with_many_images_of_older_versions_is_not_listed_to_its_end(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_images, "MAX_LISTED", 5)
    store.fill(3, range(1, 8))
    assert store.check() == StoredImages(missing=1, checked=3, images=3)
    assert store.calls["HeadObject"] == 4


def test_a_missing_manifest_of_the_current_version_raises(store: Store) -> None:
    with pytest.raises(
        RecordError, match=r"v1/manifest\.jsonl is missing, although .*current\.json"
    ):
        store.check()
