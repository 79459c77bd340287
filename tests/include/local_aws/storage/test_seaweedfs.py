"""The object store under mishaps."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from include.local_aws.storage.objects import Objects
from include.local_aws.storage.seaweedfs import SeaweedFS


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SeaweedFS]:
    store = SeaweedFS(tmp_path / "s3")
    store.start()
    yield store
    store.stop()
    assert not _sockets(store)


def _sockets(store: SeaweedFS) -> list[Path]:
    """What there is in /tmp by the name of a socket of these ports."""
    ports = json.loads((store._root / "ports.json").read_text()).values()
    return [
        path
        for port in ports
        for name in (f"*-{port}.sock", f"*-grpc-{port + 10000}.sock")
        for path in Path("/tmp").glob(f"seaweedfs-{name}")
    ]


def test_it_comes_back_at_the_same_address_with_its_data(store: SeaweedFS) -> None:
    objects = Objects(store.endpoint_url)
    objects.client.create_bucket(Bucket="bucket")
    objects.write("s3://bucket/key", b"content")
    assert store._child is not None
    store._child.kill()
    deadline = time.monotonic() + 20
    while True:
        try:
            found = objects.client.get_object(Bucket="bucket", Key="key")["Body"].read()
            break
        except Exception:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    assert found == b"content"


@pytest.mark.parametrize("name", ["filer-grpc", "s3-grpc", "filer", "s3"])
def test_a_foreign_file_at_a_sockets_path_is_left_alone_and_stops_no_start(
    tmp_path: Path, name: str
) -> None:
    """In /tmp anybody can lay one; a folder is what not even root can unlink."""
    store = SeaweedFS(tmp_path / "s3")
    store.start()
    store.stop()
    port = json.loads((tmp_path / "s3/ports.json").read_text())[name.removesuffix("-grpc")]
    number = port + 10000 if name.endswith("-grpc") else port
    foreign = Path(f"/tmp/seaweedfs-{name}-{number}.sock")
    (foreign / "file").mkdir(parents=True)
    try:
        store = SeaweedFS(tmp_path / "s3")
        store.start()
        try:
            Objects(store.endpoint_url).client.create_bucket(Bucket="bucket")
            assert all(path.is_socket() for path in _sockets(store) if path != foreign)
        finally:
            store.stop()
        assert (foreign / "file").exists()
    finally:
        (foreign / "file").rmdir()
        foreign.rmdir()
