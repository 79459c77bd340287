"""Tests of the records of releases."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from moto import mock_aws

from include.contracts.records import ReleaseRecord
from include.decisions.endpoint.release import list_deployments, list_releases, write_release
from include.storage.layout import Layout

SMOKE = {"images": 5, "milliseconds": 12.5, "before": None}


class Releases:
    """Writes and reads the releases of a pipeline in a bucket."""

    def __init__(self, layout: Layout) -> None:
        self.layout, self.s3 = layout, boto3.client("s3", region_name="us-east-1")
        self.s3.create_bucket(Bucket=layout.bucket)

    def deploy(self, version: int, day: int, previous: str | None, **smoke: Any) -> ReleaseRecord:
        planned = {
            "package": {"version": str(version), "training_job": f"t{version}"},
            "model": {"config": {"ModelName": f"model-{version}"}},
            "endpoint_config": {"config": {}},
            "endpoint": {"config": {}},
            "previous": previous,
        }
        endpoint = {"endpoint_name": "cars", "endpoint_config_name": f"config-{version}"}
        now = datetime(2026, 1, day, tzinfo=UTC)
        run = f"cars__endpoint_update/{previous}"
        return write_release(self.s3, self.layout, planned, endpoint, {**SMOKE, **smoke}, run, now)

    def put(self, key: str, record: dict[str, Any]) -> None:
        self.s3.put_object(Bucket=self.layout.bucket, Key=key, Body=json.dumps(record).encode())

    def written(self) -> list[str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.layout.bucket, Prefix=self.layout.releases
        )
        found = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        return [key.removeprefix(self.layout.releases) for key in found]

    def deployments(self) -> list[tuple[int, str]]:
        found = list_deployments(self.s3, self.layout)
        return [(release.version, release.deployed[:10]) for release in found]

    def releases(self) -> list[tuple[int, str]]:
        found = list_releases(self.s3, self.layout)
        return [(release.version, release.deployed[:10]) for release in found]


@pytest.fixture
def releases(layout: Layout) -> Iterator[Releases]:
    with mock_aws():
        yield Releases(layout)


def test_a_rollback_keeps_the_record_of_the_first_deployment(releases: Releases) -> None:
    releases.deploy(4, 1, None)
    releases.deploy(7, 2, "config-4")
    releases.deploy(4, 3, "config-7")
    history = [(4, "2026-01-03"), (7, "2026-01-02"), (4, "2026-01-01")]
    assert releases.deployments() == history
    assert releases.releases() == history[:2]
    assert "4/20260101T000000Z/release.json" in releases.written()
    first = releases.s3.get_object(
        Bucket="some-bucket", Key="stanford_cars/releases/4/20260101T000000Z/release.json"
    )
    assert json.loads(first["Body"].read())["previous_endpoint_config"] is None


def test_a_release_has_the_evaluation_and_the_requests(releases: Releases) -> None:
    """The verdict may have been deleted in the meantime."""
    releases.put(releases.layout.evaluation_report("t7"), {"top1": 0.5})
    manifest = releases.deploy(7, 2, "config-4")
    folder = "7/20260102T000000Z"
    assert releases.written() == [
        f"{folder}/evaluation.json",
        f"{folder}/release.json",
        f"{folder}/requests.json",
        "changed.json",
    ]
    assert manifest.previous_endpoint_config == "config-4"
    assert manifest.run == "cars__endpoint_update/config-4"


def test_a_retry_of_the_same_deployment_writes_no_second_record(releases: Releases) -> None:
    first = releases.deploy(7, 2, "config-4")
    assert releases.deploy(7, 3, "config-4") == first
    releases.deploy(7, 4, "config-4", milliseconds=13.0)  # the run was cleared and deployed again
    assert releases.deployments() == [(7, "2026-01-04"), (7, "2026-01-02")]


def test_each_deployment_changes_one_object(releases: Releases) -> None:
    def etag() -> str:
        found = releases.s3.head_object(
            Bucket=releases.layout.bucket, Key=releases.layout.release_change
        )
        return str(found["ETag"])

    releases.deploy(7, 2, "config-4")
    seen = [etag()]
    releases.deploy(7, 3, "config-4")  # a retry, which records nothing
    assert etag() == seen[0]
    releases.deploy(8, 4, "config-7")
    seen.append(etag())
    releases.deploy(7, 5, "config-8")  # a rollback
    seen.append(etag())
    assert len(set(seen)) == 3


def test_a_retry_notes_the_change_that_a_killed_try_did_not(releases: Releases) -> None:
    """Readers that keep lists would not know of the deployment."""
    first = releases.deploy(7, 2, "config-4")
    releases.s3.delete_object(Bucket=releases.layout.bucket, Key=releases.layout.release_change)
    assert releases.deploy(7, 3, "config-4") == first
    assert "changed.json" in releases.written()


def test_records_at_the_location_of_earlier_versions_are_read(releases: Releases) -> None:
    old = {
        "version": 2,
        "deployed": "2026-01-01T00:00:00+00:00",
        "endpoint_config": "config-2",
        "model": "model-2",
    }
    releases.put(f"{releases.layout.release(2)}release.json", old)
    releases.deploy(7, 2, "config-2")
    releases.deploy(2, 3, "config-7")
    assert releases.releases() == [(2, "2026-01-03"), (7, "2026-01-02")]
    assert releases.deployments()[-1] == (2, "2026-01-01")


def test_an_unfinished_folder_is_not_a_release(releases: Releases) -> None:
    releases.put(f"{releases.layout.release(9)}20260101T000000Z/requests.json", {})
    assert releases.deployments() == []
