"""A second run in the same folder and ports in use are reported in one line with the fix."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from include.local_run.errors import RunError
from include.local_run.project_paths import ProjectPaths
from include.local_run.stack.lock import acquire_lock
from include.local_run.stack.ports import require_free_port


@pytest.fixture
def used_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_second_run_in_a_folder_is_rejected(tmp_path: Path) -> None:
    paths = ProjectPaths(tmp_path)
    with acquire_lock(paths), pytest.raises(RunError) as error, acquire_lock(paths):
        pass
    assert f"already running in {tmp_path} (process {os.getpid()})" in str(error.value)
    assert "\n" not in str(error.value)
    assert error.value.status == 2


def test_the_lock_is_released_afterwards(tmp_path: Path) -> None:
    for _ in range(2):
        with acquire_lock(ProjectPaths(tmp_path)):
            pass


@pytest.fixture
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.usefixtures("usual_umask")
def test_only_the_owner_can_enter_the_state_folder(tmp_path: Path) -> None:
    """Protects passwords, keys and logs from other users of the computer."""
    new, earlier = ProjectPaths(tmp_path / "new"), ProjectPaths(tmp_path / "earlier")
    earlier.local.mkdir(parents=True)
    for paths in (new, earlier, ProjectPaths(state=tmp_path / "named")):
        with acquire_lock(paths):
            assert paths.local.stat().st_mode & 0o777 == 0o700


@pytest.mark.usefixtures("usual_umask")
def test_an_open_folder_of_the_local_option_is_rejected_unchanged(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    with (
        pytest.raises(RunError, match=rf"--local {folder} .* \(mode 0755\).*`chmod 700 {folder}`"),
        acquire_lock(ProjectPaths(state=folder)),
    ):
        pass
    assert folder.stat().st_mode & 0o777 == 0o755
    assert list(folder.iterdir()) == []


def test_a_used_port_is_named_with_its_process_and_the_fix(used_port: int) -> None:
    with pytest.raises(RunError) as error:
        require_free_port(used_port, "Airflow's UI", "UI_PORT")
    message = str(error.value)
    assert f"port {used_port} for Airflow's UI" in message
    assert f"process {os.getpid()}" in message
    assert "UI_PORT=<port>" in message
    assert "\n" not in message


@pytest.mark.parametrize("port", [0, -1, 70000])
def test_an_invalid_port_is_rejected(port: int) -> None:
    with pytest.raises(RunError, match="AWS_PORT"):
        require_free_port(port, "the local AWS", "AWS_PORT")


def test_a_free_port_is_accepted(used_port: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    require_free_port(free, "anything", "UI_PORT")
