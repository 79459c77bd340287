"""A second run in the same folder, and taken ports, are told in one line that names the fix."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from include.local_run.errors import RunError
from include.local_run.project_paths import Places
from include.local_run.stack.lock import claim
from include.local_run.stack.ports import require_free


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_second_run_in_a_folder_is_refused_in_one_line(tmp_path: Path) -> None:
    places = Places(tmp_path)
    with claim(places), pytest.raises(RunError) as error, claim(places):
        pass
    assert f"already running in {tmp_path} (process {os.getpid()})" in str(error.value)
    assert "\n" not in str(error.value)
    assert error.value.status == 2


def test_the_folder_is_free_again_afterwards(tmp_path: Path) -> None:
    for _ in range(2):
        with claim(Places(tmp_path)):
            pass


@pytest.fixture
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.usefixtures("usual_umask")
def test_the_folder_of_all_state_is_the_owners_alone(tmp_path: Path) -> None:
    """Protects passwords, keys and logs from other users of the machine."""
    new, earlier = Places(tmp_path / "new"), Places(tmp_path / "earlier")
    earlier.local.mkdir(parents=True)
    for places in (new, earlier, Places(state=tmp_path / "named")):
        with claim(places):
            assert places.local.stat().st_mode & 0o777 == 0o700


@pytest.mark.usefixtures("usual_umask")
def test_a_named_folder_that_is_open_to_others_is_refused_and_left_as_it_is(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    with (
        pytest.raises(RunError, match=rf"--local {folder} .* \(mode 0755\).*`chmod 700 {folder}`"),
        claim(Places(state=folder)),
    ):
        pass
    assert folder.stat().st_mode & 0o777 == 0o755
    assert list(folder.iterdir()) == []


def test_a_taken_port_is_named_with_its_holder_and_the_fix(taken_port: int) -> None:
    with pytest.raises(RunError) as error:
        require_free(taken_port, "Airflow's UI", "UI_PORT")
    message = str(error.value)
    assert f"port {taken_port} for Airflow's UI" in message
    assert f"process {os.getpid()}" in message
    assert "UI_PORT=<port>" in message
    assert "\n" not in message


@pytest.mark.parametrize("port", [0, -1, 70000])
def test_what_is_no_port_is_refused(port: int) -> None:
    with pytest.raises(RunError, match="AWS_PORT"):
        require_free(port, "the local AWS", "AWS_PORT")


def test_a_free_port_is_accepted(taken_port: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    require_free(free, "anything", "UI_PORT")
