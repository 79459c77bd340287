"""Tests of the S3 manifests of splits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from include.contracts.dataset import Split
from include.decisions.dataset.split_manifests import (
    ensure_conversion_manifest,
    ensure_evaluation_manifest,
)
from include.image_classification.dataset.version.manifest import (
    Image,
    Version,
    write_manifests,
    write_version,
)
from include.storage.layout import Layout
from include.storage.records import RecordError

SPLITS: tuple[Split, ...] = ("train", "test", "validation", "train")
IMAGES = [
    Image(f"{n}.jpg", f"{n}" * 64, 1, 1, 1, 0, split, f"{n}{n}/{n}.jpg")
    for n, split in enumerate(SPLITS)
]
VERSION = Version(IMAGES, ["cat"])
EXPECTED = [
    {"prefix": "s3://some-bucket/stanford_cars/images/"},
    "00/0.jpg",
    "22/2.jpg",
    "33/3.jpg",
]


@pytest.fixture
def written(client: Any, layout: Layout, tmp_path: Path) -> Path:
    """Store a version as the refresh job does, without its conversion manifest."""
    write_version(tmp_path, VERSION, [], [])
    for file in tmp_path.iterdir():
        key = f"{layout.dataset('v1')}{file.name}"
        client.put_object(Bucket=layout.bucket, Key=key, Body=file.read_bytes())
    return tmp_path


def _stored(client: Any, layout: Layout) -> Any:
    answer = client.get_object(Bucket=layout.bucket, Key=layout.conversion_manifest("v1"))
    return json.loads(answer["Body"].read())


def _store(client: Any, layout: Layout, content: bytes) -> None:
    key = layout.conversion_manifest("v1")
    client.put_object(Bucket=layout.bucket, Key=key, Body=content)


def test_a_missing_manifest_is_written(client: Any, layout: Layout, written: Path) -> None:
    ensure_conversion_manifest(client, layout, "v1")
    assert _stored(client, layout) == EXPECTED


@pytest.mark.parametrize(
    "content",
    [b"", b'[{"prefix": "s3://former-bucket/stanford_cars/images/"}, "00/0.jpg"]'],
    ids=["empty", "of another bucket"],
)
def test_an_unusable_manifest_is_replaced(
    client: Any, layout: Layout, written: Path, content: bytes
) -> None:
    _store(client, layout, content)
    ensure_conversion_manifest(client, layout, "v1")
    assert _stored(client, layout) == EXPECTED


def test_the_manifest_of_the_refresh_is_equal_and_is_kept(
    client: Any, layout: Layout, written: Path
) -> None:
    """The version's own manifest, which may be large, is not read then."""
    write_manifests(written, VERSION, layout.uri(layout.images))
    content = (written / "conversion.manifest").read_bytes()
    assert json.loads(content) == EXPECTED
    _store(client, layout, content)
    client.delete_object(Bucket=layout.bucket, Key=f"{layout.dataset('v1')}manifest.jsonl")
    ensure_conversion_manifest(client, layout, "v1")
    assert _stored(client, layout) == EXPECTED


def test_the_error_for_a_missing_version_names_dataset_refresh(client: Any, layout: Layout) -> None:
    with pytest.raises(RecordError, match=r"v1/manifest\.jsonl is missing: dataset refresh"):
        ensure_conversion_manifest(client, layout, "v1")


def test_the_evaluations_manifest_has_the_splits_images(
    client: Any, layout: Layout, written: Path
) -> None:
    """The refresh writes the same, and then the version's own manifest is not read."""
    key = layout.split_manifest("v1", "test")
    ensure_evaluation_manifest(client, layout, "v1", "test")
    made = client.get_object(Bucket=layout.bucket, Key=key)["Body"].read()
    write_manifests(written, VERSION, layout.uri(layout.images))
    assert made == (written / "test.manifest").read_bytes()
    assert json.loads(made) == [EXPECTED[0], "11/1.jpg"]
    client.delete_object(Bucket=layout.bucket, Key=layout.dataset_manifest("v1"))
    ensure_evaluation_manifest(client, layout, "v1", "test")
