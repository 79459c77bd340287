"""A local AWS for tests: started as users start it, with short calls for its API."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from tests.include.local_aws.server.endpoints import ServerWithEndpoints
from tests.include.local_aws.server.images import CUSTOM_IMAGE, IMAGE, PROJECT, write_images
from tests.include.local_aws.server.logs import ServerWithLogs
from tests.include.local_aws.server.names import ROLE, unique_name
from tests.include.local_aws.server.objects import BUCKET

__all__ = [
    "BUCKET",
    "CUSTOM_IMAGE",
    "IMAGE",
    "PROJECT",
    "ROLE",
    "LocalServer",
    "running",
    "unique_name",
    "write_images",
]


class LocalServer(ServerWithEndpoints, ServerWithLogs):
    """`python -m include.local_aws` with its state in `root`."""


@contextlib.contextmanager
def running(root: Path) -> Iterator[LocalServer]:
    """Run a server with an empty bucket; it must end with exit code 0."""
    server = LocalServer(root)
    server.start()
    server.s3.create_bucket(Bucket=BUCKET)
    yield server
    assert server.stop() == 0
