"""Tests of `move_pointer`, on moto's S3 and on the local AWS's SeaweedFS."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from include.contracts.records import DatasetPointer
from include.decisions.pointer import Pointer, move_pointer, read_pointer
from include.local_aws.storage.objects import Objects
from include.local_aws.storage.seaweedfs import SeaweedFS
from include.storage.records import RecordError
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
    """Return an S3 client with an empty bucket: once of moto, once of SeaweedFS."""
    if request.param == "SeaweedFS":
        client = request.getfixturevalue("seaweedfs")
        client.delete_object(Bucket=BUCKET, Key=KEY)
        yield client
        return
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        yield client


def _record(number: int) -> DatasetPointer:
    return DatasetPointer(version=f"v{number}", job=f"job-{number}")


def _read(client: Any) -> Pointer[DatasetPointer]:
    return read_pointer(client, BUCKET, KEY, "dataset refresh", DatasetPointer)


def _move(client: Any, number: int, seen: str | None) -> bool:
    return move_pointer(client, BUCKET, KEY, _record(number), seen).go


def _version(client: Any) -> str | None:
    record = _read(client).record
    return record.version if record else None


def test_a_pointer_moves_from_the_state_that_was_read(client: Any) -> None:
    assert _read(client).record is None
    assert _move(client, 1, None)
    first = _read(client)
    assert first.record == _record(1)
    assert _move(client, 2, first.etag)
    assert _version(client) == "v2"


def test_an_older_run_does_not_move_the_pointer(client: Any) -> None:
    _move(client, 1, None)
    seen = _read(client).etag
    _move(client, 2, seen)
    assert not _move(client, 1, None)
    decision = move_pointer(client, BUCKET, KEY, _record(3), seen)
    assert not decision.go
    assert decision.reason.startswith(
        f"{KEY} was changed after this run was planned: it names version v2 of job job-2"
    )
    assert _read(client).record == _record(2)


def test_a_retry_of_the_same_write_succeeds(client: Any) -> None:
    assert _move(client, 1, None)
    assert _move(client, 1, None)


def test_a_pointer_that_a_user_deleted_is_not_written_again(client: Any) -> None:
    _move(client, 1, None)
    seen = _read(client).etag
    client.delete_object(Bucket=BUCKET, Key=KEY)
    assert not _move(client, 2, seen)
    assert _version(client) is None


def test_only_one_of_several_concurrent_runs_moves_the_pointer(seaweedfs: Any) -> None:
    """Not on moto, which checks the condition and writes in two steps."""
    client = seaweedfs
    client.delete_object(Bucket=BUCKET, Key=KEY)
    _move(client, 1, None)
    seen = _read(client).etag
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


def test_a_pointer_that_is_not_a_json_mapping_raises(client: Any) -> None:
    client.put_object(Bucket=BUCKET, Key=KEY, Body=b"[]")
    with pytest.raises(RecordError, match="must hold a JSON mapping"):
        _read(client)


def test_a_pointer_without_a_version_raises(client: Any) -> None:
    client.put_object(Bucket=BUCKET, Key=KEY, Body=b'{"job": "j"}')
    with pytest.raises(RecordError, match="version is missing: delete the object and run"):
        _read(client)
