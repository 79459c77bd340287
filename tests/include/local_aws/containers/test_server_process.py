"""A model server that does not become healthy in time."""

from pathlib import Path

import pytest

from include.local_aws.containers.model_container import ModelContainer
from include.local_aws.containers.server_process import ServerProcess
from include.local_aws.errors import JobFailure
from include.local_aws.image_registry import ImageRegistry
from include.local_aws.observability.logs import LogFiles
from include.local_aws.processes.isolation import Isolation
from include.local_aws.runtime import Runtime
from include.local_aws.settings import Settings
from include.local_aws.storage.objects import Objects
from include.local_aws.store import Store
from tests.include.local_aws.keys import KEYS
from tests.include.local_aws.local_server import IMAGE, write_images


@pytest.fixture
def runtime(tmp_path: Path) -> Runtime:
    images = tmp_path / "images.json"
    write_images(images)
    return Runtime(
        settings=Settings(tmp_path, 0, images, KEYS),
        store=Store(tmp_path / "state.sqlite"),
        images=ImageRegistry(images),
        objects=Objects("http://127.0.0.1:1", KEYS),
        logs=LogFiles(tmp_path / "logs"),
        s3_endpoint_url="http://127.0.0.1:1",
        isolation=Isolation(),
    )


def test_an_unhealthy_server_is_ended_and_removed(runtime: Runtime, tmp_path: Path) -> None:
    model = ModelContainer(IMAGE, environment={"UNHEALTHY": "1"})
    server = ServerProcess(runtime, model, tmp_path / "work", tmp_path / "log")
    with pytest.raises(JobFailure, match="did not pass the ping health check"):
        server.start(lambda: None, timeout=0.5)
    assert not server.alive
    assert not (tmp_path / "work").exists()


def test_an_exception_of_check_ends_the_start(runtime: Runtime, tmp_path: Path) -> None:
    def check() -> None:
        raise KeyboardInterrupt

    model = ModelContainer(IMAGE, environment={"UNHEALTHY": "1"})
    server = ServerProcess(runtime, model, tmp_path / "work", tmp_path / "log")
    with pytest.raises(KeyboardInterrupt):
        server.start(check)
    assert not server.alive


def test_an_image_that_is_not_registered_is_named(runtime: Runtime, tmp_path: Path) -> None:
    server = ServerProcess(runtime, ModelContainer("no:1"), tmp_path / "work", tmp_path / "log")
    with pytest.raises(JobFailure, match="Cannot find the requested image no:1"):
        server.start(lambda: None)
