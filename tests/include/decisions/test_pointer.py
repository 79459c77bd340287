"""A pointer moves only from the state that a run's plan saw, on any S3."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from include.decisions.pointer import move_pointer, read_pointer
from include.local_aws.storage.objects import Objects
from include.local_aws.storage.seaweedfs import SeaweedFS
from include.storage.records import RecordError, read_record
from tests.include.local_aws.keys import KEYS

BUCKET, KEY = "some-bucket", "cars/dataset/current.json"


@pytest.fixture(scope="module")
def seaweedfs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    store = SeaweedFS(tmp_path_factory.mktemp("s3"), KEYS)
    store.start()
    client = Objects(store.endpoint_url, KEYS).client
    client.create_bucket(Bucket=BUCKET)
    yield client
    store.stop()


@pytest.fixture(params=["moto", "SeaweedFS"])
def client(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Give an S3 client to an empty bucket: of moto, and of the local AWS's store."""
    if request.param == "SeaweedFS":
        client = request.getfixturevalue("seaweedfs")
        client.delete_object(Bucket=BUCKET, Key=KEY)
        yield client
        return
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        yield client


def _record(number: int) -> dict[str, str]:
    return {"version": f"v{number}", "job": f"job-{number}"}


def _move(client: Any, number: int, seen: str | None) -> bool:
    return move_pointer(client, BUCKET, KEY, _record(number), seen).go


def _version(client: Any) -> str | None:
    return read_pointer(client, BUCKET, KEY).version


def test_a_pointer_moves_from_what_was_seen(client: Any) -> None:
    assert read_pointer(client, BUCKET, KEY).record is None
    assert _move(client, 1, None)
    first = read_pointer(client, BUCKET, KEY)
    assert (first.record, first.version) == (_record(1), "v1")
    assert _move(client, 2, first.etag)
    assert _version(client) == "v2"


def test_an_older_run_leaves_it(client: Any) -> None:
    _move(client, 1, None)
    seen = read_pointer(client, BUCKET, KEY).etag
    _move(client, 2, seen)
    assert not _move(client, 1, None)
    refused = move_pointer(client, BUCKET, KEY, _record(3), seen)
    assert not refused.go
    assert refused.reason.startswith(
        f"{KEY} was changed after this run was planned: it names version v2 of job job-2"
    )
    assert read_record(client, BUCKET, KEY) == _record(2)


def test_a_second_try_of_the_same_write_is_no_other_run(client: Any) -> None:
    assert _move(client, 1, None)
    assert _move(client, 1, None)


def test_a_pointer_that_a_user_removed_is_left_away(client: Any) -> None:
    _move(client, 1, None)
    seen = read_pointer(client, BUCKET, KEY).etag
    client.delete_object(Bucket=BUCKET, Key=KEY)
    assert not _move(client, 2, seen)
    assert _version(client) is None


def test_of_several_runs_that_saw_the_same_one_moves_it(client: Any) -> None:
    _move(client, 1, None)
    seen = read_pointer(client, BUCKET, KEY).etag
    moved: list[int] = []

    def move(number: int) -> None:
        if _move(client, number, seen):
            moved.append(number)

    runs = [threading.Thread(target=move, args=(number,)) for number in range(2, 8)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert [f"v{number}" for number in moved] == [_version(client)]


def test_a_damaged_pointer_is_named(client: Any) -> None:
    client.put_object(Bucket=BUCKET, Key=KEY, Body=b"[]")
    with pytest.raises(RecordError, match="must hold a JSON mapping"):
        read_pointer(client, BUCKET, KEY)
