"""Several processes behind one port: shared out, started again, ended in time."""

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import httpx
import pytest

from include.image_classification.container import ProgramError
from include.image_classification.serving import workers
from include.image_classification.serving.workers import plan
from tests.include.image_classification.conftest import Trained
from tests.include.image_classification.serving import dies_once
from tests.include.image_classification.serving.serving import free_port, wait_until_healthy
from tests.include.image_classification.training.making import picture, start_program
from tests.waiting import LONG

PHOTO = picture(1, 3, side=50)


@pytest.mark.parametrize(
    ("processors", "environment", "expected"),
    [
        (1, {}, (1, 1)),
        (2, {}, (1, 2)),
        (4, {}, (1, 4)),
        (16, {}, (4, 4)),
        (36, {}, (9, 4)),
        (8, {"SAGEMAKER_MODEL_SERVER_WORKERS": "8"}, (8, 1)),
        (2, {"SAGEMAKER_MODEL_SERVER_WORKERS": "4"}, (4, 1)),
        (8, {"OMP_NUM_THREADS": "1"}, (2, 1)),
    ],
)
def test_processors_are_shared_out(
    processors: int, environment: dict[str, str], expected: tuple[int, int]
) -> None:
    assert plan(processors, environment) == expected


@pytest.mark.parametrize("text", ["0", "many", "-1"])
def test_a_number_of_workers_that_is_none_is_named(text: str) -> None:
    with pytest.raises(ProgramError, match="SAGEMAKER_MODEL_SERVER_WORKERS"):
        plan(2, {"SAGEMAKER_MODEL_SERVER_WORKERS": text})


def test_one_that_dies_at_its_start_while_another_answers_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "WORKER", dies_once.__name__)
    monkeypatch.setenv(dies_once.FOLDER, str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        kept, stop = workers.Workers(listening, 2, 1), threading.Event()
        watching = threading.Thread(target=kept.run, args=(stop,))
        watching.start()
        deadline = time.monotonic() + LONG
        while watching.is_alive() and len(dies_once.started(tmp_path)) < 3:
            assert time.monotonic() < deadline, "nobody has been started again"
            time.sleep(0.02)
        still_watched = watching.is_alive()
        stop.set()
        watching.join(10)
    assert still_watched


class Server:
    """The program `serve`, with so many workers."""

    def __init__(self, base: Path, count: int) -> None:
        self.port = free_port()
        self.process: subprocess.Popen[str] = start_program(
            base,
            "serve",
            SAGEMAKER_BIND_TO_PORT=str(self.port),
            SAGEMAKER_BIND_TO_HOST="127.0.0.1",
            SAGEMAKER_MODEL_SERVER_WORKERS=str(count),
        )
        wait_until_healthy(self.port)

    def workers(self) -> list[int]:
        pid = self.process.pid
        return [
            int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        ]

    def ask(self) -> int:
        url = f"http://127.0.0.1:{self.port}/invocations"
        headers = {"Content-Type": "image/png"}
        return httpx.post(url, content=PHOTO, headers=headers, timeout=30).status_code


@pytest.fixture
def serve(trained: Trained) -> Iterator[Callable[[int], Server]]:
    started: list[Server] = []

    def start(count: int) -> Server:
        started.append(Server(trained.base, count))
        return started[-1]

    yield start
    for server in started:
        server.process.kill()
        server.process.communicate(timeout=10)


def test_workers_that_die_are_started_again_and_sigterm_lets_them_answer(
    serve: Callable[[int], Server],
) -> None:
    server = serve(2)
    first = set(server.workers())
    assert len(first) == 2
    for pid in first:
        os.kill(pid, signal.SIGKILL)
    wait_until_dead(first)  # one that is dying may still take a connection with it
    assert server.ask() == 200  # the request waits for them
    assert len(server.workers()) == 2
    assert first.isdisjoint(server.workers())

    with under_way(server.port) as answered, under_way(server.port):
        server.process.send_signal(signal.SIGTERM)
        started = time.monotonic()
        wait_until_refused(server.port)
        answered.sendall(PHOTO)
        assert b"200 OK" in answered.recv(1000)
        output, _ = server.process.communicate(timeout=10)
        assert time.monotonic() - started < 5.5  # though one body never comes
    assert server.process.returncode == 0
    assert "ERROR: " not in output


def under_way(port: int) -> socket.socket:
    """A request whose headers a worker has read and whose body it waits for."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection.sendall(
        b"POST /invocations HTTP/1.1\r\nHost: here\r\nContent-Type: image/png\r\n"
        b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(PHOTO)
    )
    assert b"100 Continue" in connection.recv(1000)
    return connection


def wait_until_dead(pids: Iterable[int]) -> None:
    deadline = time.monotonic() + LONG
    for pid in pids:
        while is_alive(pid):
            assert time.monotonic() < deadline, f"{pid} has survived SIGKILL"
            time.sleep(0.01)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until_refused(port: int) -> None:
    deadline = time.monotonic() + LONG
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            time.sleep(0.02)
        except OSError:
            return
    pytest.fail("the server still accepts connections")


def test_workers_end_with_the_process_that_started_them(
    serve: Callable[[int], Server],
) -> None:
    server = serve(1)
    pids = server.workers()
    server.process.kill()
    server.process.wait(timeout=10)
    deadline = time.monotonic() + LONG
    while any(Path(f"/proc/{pid}/cmdline").exists() for pid in pids):
        assert time.monotonic() < deadline, "a worker has outlived its server"
        time.sleep(0.05)


def test_a_model_that_cannot_be_loaded_ends_the_program_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    process = start_program(tmp_path, "serve", SAGEMAKER_BIND_TO_PORT=str(free_port()))
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "model-shapes.json is missing" in output
    assert "model-shapes.json is missing" in (tmp_path / "output" / "failure").read_text()
