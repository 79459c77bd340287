"""SeaweedFS: restarts, foreign files, deleted space and encryption."""

import contextlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from include.local_aws.storage import seaweedfs
from include.local_aws.storage.objects import Objects
from include.local_aws.storage.seaweedfs import SeaweedFS
from tests.include.local_aws.keys import KEYS
from tests.waiting import LONG


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SeaweedFS]:
    store = SeaweedFS(tmp_path / "s3", KEYS)
    store.start()
    yield store
    store.stop()
    assert not _sockets(store)


def _sockets(store: SeaweedFS) -> list[Path]:
    """Return files in /tmp with the names of sockets of these ports."""
    ports = json.loads((store._root / "ports.json").read_text()).values()
    return [
        path
        for port in ports
        for name in (f"*-{port}.sock", f"*-grpc-{port + 10000}.sock")
        for path in Path("/tmp").glob(f"seaweedfs-{name}")
    ]


def test_a_killed_process_is_restarted_at_the_same_address(store: SeaweedFS) -> None:
    objects = Objects(store.endpoint_url, KEYS)
    objects.client.create_bucket(Bucket="bucket")
    objects.write("s3://bucket/key", b"content")
    assert store._child is not None
    store._child.kill()
    deadline = time.monotonic() + LONG
    while True:
        try:
            found = objects.client.get_object(Bucket="bucket", Key="key")["Body"].read()
            break
        except Exception:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    assert found == b"content"


@pytest.mark.parametrize("name", ["filer-grpc", "s3-grpc", "filer", "s3"])
def test_a_foreign_file_at_a_sockets_path_is_kept_and_other_ports_are_used(
    tmp_path: Path, name: str
) -> None:
    """All users can create files in /tmp; not even root can unlink a folder."""
    store = SeaweedFS(tmp_path / "s3", KEYS)
    store.start()
    store.stop()
    port = json.loads((tmp_path / "s3/ports.json").read_text())[name.removesuffix("-grpc")]
    number = port + 10000 if name.endswith("-grpc") else port
    foreign = Path(f"/tmp/seaweedfs-{name}-{number}.sock")
    (foreign / "file").mkdir(parents=True)
    try:
        store = SeaweedFS(tmp_path / "s3", KEYS)
        store.start()
        try:
            Objects(store.endpoint_url, KEYS).client.create_bucket(Bucket="bucket")
            assert all(path.is_socket() for path in _sockets(store) if path != foreign)
        finally:
            store.stop()
        assert (foreign / "file").exists()
    finally:
        (foreign / "file").rmdir()
        foreign.rmdir()


def test_space_of_deleted_objects_is_freed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seaweedfs, "_VACUUM_SECONDS", 1)
    store = SeaweedFS(tmp_path / "s3", KEYS)
    store.start()
    try:
        objects = Objects(store.endpoint_url, KEYS)
        objects.client.create_bucket(Bucket="bucket")
        for number in range(8):
            objects.write(f"s3://bucket/{number}", os.urandom(4 << 20))
        used = _bytes_below(tmp_path)
        for number in range(7):
            objects.client.delete_object(Bucket="bucket", Key=str(number))
        deadline = time.monotonic() + 240  # SeaweedFS checks at random within two minutes
        while _bytes_below(tmp_path) > used - (24 << 20):
            assert time.monotonic() < deadline, "the space is not freed"
            time.sleep(1)
        left = objects.client.get_object(Bucket="bucket", Key="7")["Body"].read()
        assert len(left) == 4 << 20
    finally:
        store.stop()


def _bytes_below(folder: Path) -> int:
    """Return the disk usage; files may be deleted meanwhile."""
    total = 0
    for file in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            total += file.stat().st_blocks * 512
    return total


def test_encrypted_objects_are_read_after_a_restart(tmp_path: Path) -> None:
    for start in range(2):
        store = SeaweedFS(tmp_path / "s3", KEYS)
        store.start()
        try:
            s3 = Objects(store.endpoint_url, KEYS).client
            if start == 0:
                s3.create_bucket(Bucket="bucket")
                put = s3.put_object(
                    Bucket="bucket", Key="key", Body=b"content", ServerSideEncryption="AES256"
                )
                assert put["ServerSideEncryption"] == "AES256"
            got = s3.get_object(Bucket="bucket", Key="key")
            assert (got["Body"].read(), got["ServerSideEncryption"]) == (b"content", "AES256")
        finally:
            store.stop()
    assert (tmp_path / "s3/sse.key").stat().st_mode & 0o777 == 0o600


def test_a_bucket_with_objects_is_not_deleted(store: SeaweedFS) -> None:
    s3 = Objects(store.endpoint_url, KEYS).client
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="folder/key", Body=b"content")
    with pytest.raises(ClientError) as rejected:
        s3.delete_bucket(Bucket="bucket")
    assert rejected.value.response["Error"]["Code"] == "BucketNotEmpty"
    assert rejected.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409
    assert s3.get_object(Bucket="bucket", Key="folder/key")["Body"].read() == b"content"
    s3.delete_object(Bucket="bucket", Key="folder/key")
    s3.delete_bucket(Bucket="bucket")
    assert s3.list_buckets()["Buckets"] == []
