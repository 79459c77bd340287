"""One server for all tests that do not stop it."""

from collections.abc import Iterator

import pytest

from tests.include.local_aws.local_server import BUCKET, LocalServer


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    """A running server with an empty bucket."""
    server = LocalServer(tmp_path_factory.mktemp("local_aws"))
    server.start()
    server.s3.create_bucket(Bucket=BUCKET)
    yield server
    assert server.stop() == 0
