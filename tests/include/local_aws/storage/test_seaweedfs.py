"""The object store under mishaps."""

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
    assert not list(Path("/tmp").glob(f"seaweedfs-*{store.endpoint_url.rpartition(':')[2]}.sock"))


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
