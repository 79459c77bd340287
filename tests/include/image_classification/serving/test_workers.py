"""Worker processes: their number, restarts and shutdown."""

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

from include.image_classification.container import CommandError
from include.image_classification.serving import workers
from include.image_classification.serving.workers import plan_workers
from tests.include.image_classification.conftest import Trained
from tests.include.image_classification.serving import crashing_worker
from tests.include.image_classification.serving.server_process import free_port, wait_until_healthy
from tests.include.image_classification.training.job_data import make_png, start_program
from tests.waiting import LONG

PHOTO = make_png(1, 3, side=50)


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
def test_processors_are_divided_among_workers(
    processors: int, environment: dict[str, str], expected: tuple[int, int]
) -> None:
    assert plan_workers(processors, environment) == expected


@pytest.mark.parametrize("text", ["0", "many", "-1"])
def test_an_invalid_number_of_workers_is_rejected(text: str) -> None:
    with pytest.raises(CommandError, match="SAGEMAKER_MODEL_SERVER_WORKERS"):
        plan_workers(2, {"SAGEMAKER_MODEL_SERVER_WORKERS": text})


def test_a_worker_that_crashes_at_its_start_while_another_is_ready_is_restarted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "WORKER", crashing_worker.__name__)
    monkeypatch.setenv(crashing_worker.FOLDER, str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        pool, stop = workers.Workers(listening, 2, 1), threading.Event()
        thread = threading.Thread(target=pool.run, args=(stop,))
        thread.start()
        deadline = time.monotonic() + LONG
        while thread.is_alive() and len(crashing_worker.started(tmp_path)) < 3:
            assert time.monotonic() < deadline, "no worker was restarted"
            time.sleep(0.02)
        still_running = thread.is_alive()
        stop.set()
        thread.join(10)
    assert still_running


class Server:
    """The command `serve` with a number of workers."""

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

    def post_photo(self) -> int:
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


def test_killed_workers_are_restarted_and_sigterm_completes_running_requests(
    serve: Callable[[int], Server],
) -> None:
    server = serve(2)
    first = set(server.workers())
    assert len(first) == 2
    for pid in first:
        os.kill(pid, signal.SIGKILL)
    wait_until_dead(first)  # a worker may accept a connection until it has ended
    assert server.post_photo() == 200  # the request waits for a new worker
    assert len(server.workers()) == 2
    assert first.isdisjoint(server.workers())

    with start_request(server.port) as running, start_request(server.port):
        server.process.send_signal(signal.SIGTERM)
        started = time.monotonic()
        wait_until_refused(server.port)
        running.sendall(PHOTO)
        assert b"200 OK" in running.recv(1000)
        output, _ = server.process.communicate(timeout=10)
        assert time.monotonic() - started < 5.5  # although one body never arrives
    assert server.process.returncode == 0
    assert "ERROR: " not in output


def start_request(port: int) -> socket.socket:
    """Send the headers of a request, and return its connection once a worker waits for the body."""
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
            assert time.monotonic() < deadline, f"process {pid} still runs after SIGKILL"
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


def test_workers_end_with_their_parent_process(
    serve: Callable[[int], Server],
) -> None:
    server = serve(1)
    pids = server.workers()
    server.process.kill()
    server.process.wait(timeout=10)
    deadline = time.monotonic() + LONG
    while any(Path(f"/proc/{pid}/cmdline").exists() for pid in pids):
        assert time.monotonic() < deadline, "a worker still runs after its server has ended"
        time.sleep(0.05)


def test_a_model_that_cannot_be_loaded_ends_the_server_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    process = start_program(tmp_path, "serve", SAGEMAKER_BIND_TO_PORT=str(free_port()))
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "model-shapes.json is missing" in output
    assert "model-shapes.json is missing" in (tmp_path / "output" / "failure").read_text()
