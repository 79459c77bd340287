"""Throughput and latency of the HTTP server in int8, compared with float32."""

from __future__ import annotations

import functools
import http.client
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from benchmarks import inference, photos
from benchmarks.conversion import environment
from benchmarks.pairs import PAIRS, Ratio, compare
from include.image_classification.images.decoding import decode_photo
from include.image_classification.images.resizing import squash
from include.image_classification.model.int8_decision import has_int8_instructions, is_served
from include.local_aws.processes.ports import free_port
from include.local_run.drawing.data_set import draw_cars

CONCURRENCY = 16
PHOTOS = 320
TIMEOUT_SECONDS = 120.0
CLIENTS = (1, 4, 16)
FIRST_PHOTOS, MORE_PHOTOS = 200, 2000

WriteModel = Callable[[Path], object]
"""Writes a model with an int8 form into the subfolder `model` of a folder."""


def transform(write_model: WriteModel, network: str, folder: Path) -> Ratio:
    """Send photos like batch transform: a constant number of concurrent requests."""
    bodies = _bodies(folder)
    write_model(folder)
    with _servers(folder) as (int8, float32):
        return compare(
            partial(_send, int8, bodies, CONCURRENCY),
            partial(_send, float32, bodies, CONCURRENCY),
            f"the same server with SERVING_PRECISION=float32, {network}, {len(bodies)} JPEGs of "
            f"{inference.SIDE} px, {CONCURRENCY} clients",
        )


def latency(percentile: int, clients: int, folder: Path) -> Ratio:
    """Return the latency of a request in milliseconds, with a number of concurrent clients."""
    samples = _latencies(clients)
    int8, float32 = (float(np.percentile(sample, percentile)) * 1000 for sample in samples)
    return Ratio(
        ours=round(int8, 1), peer=round(float32, 1), ratio=round(float32 / int8, 2), unit="ms",
        peer_is=f"p{percentile} of the same server in float32, {clients} clients, "
        f"{len(samples[0])} requests",
    )  # fmt: skip


def memory(archive: Path, folder: Path) -> Ratio:
    """Compare a worker's memory after 2,000 photos of all sizes with that after the first 200."""
    paths = sorted(photos.unpack(archive, folder).rglob("*.jpg"))
    bodies = [path.read_bytes() for path in paths]
    inference.model(folder)
    with _server(folder, _fastest_precision(folder)) as (port, process):
        _send(port, bodies[:FIRST_PHOTOS], CONCURRENCY)
        first = _worker_megabytes(process)
        _send(port, (bodies * 2)[:MORE_PHOTOS], CONCURRENCY)
        last = _worker_megabytes(process)
    return Ratio(
        ours=round(last, 1), peer=round(first, 1), ratio=round(last / first, 3), unit="MB",
        peer_is=f"the same worker after {FIRST_PHOTOS} photos of many sizes; the project: after "
        f"{MORE_PHOTOS} more",
    )  # fmt: skip


def _worker_megabytes(process: subprocess.Popen[bytes]) -> float:
    """Return the resident memory of the only worker."""
    (worker,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    status = Path(f"/proc/{worker}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


@functools.cache
def _latencies(clients: int) -> tuple[list[float], list[float]]:
    samples: tuple[list[float], list[float]] = ([], [])
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        bodies = _bodies(Path(name))
        inference.model(Path(name))
        with _servers(Path(name)) as ports:
            for number in range(1 + PAIRS):
                for port, sample in zip(ports, samples, strict=True):
                    measured = _send(port, bodies[: max(40, 10 * clients)], clients)
                    sample += measured if number else []
    return samples


def _send(port: int, bodies: Sequence[bytes], clients: int) -> list[float]:
    """Send all bodies over a number of connections and return the latencies in seconds."""

    def client(share: Sequence[bytes]) -> list[float]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
        latencies = []
        for body in share:
            started = time.perf_counter()
            connection.request("POST", "/invocations", body, {"Content-Type": "image/jpeg"})
            response = connection.getresponse()
            content = response.read()
            latencies.append(time.perf_counter() - started)
            if response.status != 200:
                raise RuntimeError(f"the server returned {response.status}: {content[:200]!r}")
        connection.close()
        return latencies

    with ThreadPoolExecutor(clients) as pool:
        shares = [bodies[number::clients] for number in range(clients)]
        return [seconds for latencies in pool.map(client, shares) for seconds in latencies]


@contextmanager
def _servers(folder: Path) -> Iterator[tuple[int, int]]:
    """Yield the ports of two servers of the same model, in int8 and in float32."""
    with ExitStack() as stack:
        servers = [
            stack.enter_context(_server(folder, precision))
            for precision in (_fastest_precision(folder), "float32")
        ]
        yield servers[0][0], servers[1][0]


def _fastest_precision(folder: Path) -> str:
    """Return int8 if the model and this processor support it; a server does not choose itself."""
    accepted = is_served(folder / "model") and has_int8_instructions()
    return "int8" if accepted else "float32"


@contextmanager
def _server(folder: Path, precision: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    port = free_port()
    variables = {
        "SAGEMAKER_BASE_DIR": str(folder),
        "SAGEMAKER_BIND_TO_PORT": str(port),
        "SAGEMAKER_BIND_TO_HOST": "127.0.0.1",
        "SAGEMAKER_BATCH": "true",
        "SERVING_PRECISION": precision,
    }
    inherited = {k: v for k, v in environment().items() if k != "OMP_NUM_THREADS"}
    program = [sys.executable, "-m", "include.image_classification", "serve"]
    process = subprocess.Popen(program, env=inherited | variables, stdout=subprocess.DEVNULL)
    try:
        _wait_until_healthy(port, process)
        yield port, process
    finally:
        process.terminate()
        process.wait()


def _wait_until_healthy(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/ping")
            if connection.getresponse().status == 200:
                return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _bodies(folder: Path) -> list[bytes]:
    """Return JPEGs of the network's size: real photos if CARS is set, or else synthetic ones."""
    archive = photos.cars("cars_train.tgz")
    if archive is None:
        archive = draw_cars(folder / "drawn").folder / "cars_train.tgz"
    paths = sorted(photos.unpack(archive, folder).rglob("*.jpg"))[:PHOTOS]
    return [_square(path.read_bytes()) for path in paths]


def _square(photo: bytes) -> bytes:
    image = squash(decode_photo(photo, 1).image, inference.SIDE, inference.SIDE)
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()


def _clients_name(clients: int) -> str:
    return f"{clients}_client" if clients == 1 else f"{clients}_clients"


LATENCIES: dict[str, Callable[[Path], Ratio]] = {
    f"latency_{_clients_name(clients)}_p{percentile}": partial(latency, percentile, clients)
    for clients in CLIENTS
    for percentile in (50, 99)
}
