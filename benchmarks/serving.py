"""The real HTTP server, in int8 against itself in float32: throughput and latency."""

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
PATIENCE = 120.0
CLIENTS = (1, 4, 16)
FIRST, ALL = 200, 2000


def transform(folder: Path) -> Ratio:
    """As batch transform sends photos: so many at a time, each as soon as another is answered."""
    bodies = _bodies(folder)
    with _servers(folder) as (int8, float32):
        return compare(
            partial(_ask, int8, bodies, CONCURRENCY),
            partial(_ask, float32, bodies, CONCURRENCY),
            f"the same server with SERVING_PRECISION=float32, {len(bodies)} JPEGs of "
            f"{inference.SIDE} px, {CONCURRENCY} clients",
        )


def latency(percentile: int, clients: int, folder: Path) -> Ratio:
    """Milliseconds from a request to its answer while so many clients ask."""
    samples = _latencies(clients)
    ours, peer = (float(np.percentile(each, percentile)) * 1000 for each in samples)
    return Ratio(
        ours=round(ours, 1), peer=round(peer, 1), ratio=round(peer / ours, 2), unit="ms",
        peer_is=f"p{percentile} of the same server in float32, {clients} clients, "
        f"{len(samples[0])} requests",
    )  # fmt: skip


def memory(archive: Path, folder: Path) -> Ratio:
    """What a worker holds after 2,000 photos of all sizes, against after the first 200."""
    found = sorted(photos.unpack(archive, folder).rglob("*.jpg"))
    bodies = [path.read_bytes() for path in found]
    inference.model(folder)
    with _server(folder, _fastest(folder)) as (port, process):
        _ask(port, bodies[:FIRST], CONCURRENCY)
        first = _worker_megabytes(process)
        _ask(port, (bodies * 2)[:ALL], CONCURRENCY)
        last = _worker_megabytes(process)
    return Ratio(
        ours=round(last, 1), peer=round(first, 1), ratio=round(last / first, 3), unit="MB",
        peer_is=f"the same worker after {FIRST} photos of many sizes, where ours has answered "
        f"{ALL} more",
    )  # fmt: skip


def _worker_megabytes(process: subprocess.Popen[bytes]) -> float:
    """Resident memory of the one process that computes."""
    (worker,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    status = Path(f"/proc/{worker}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


@functools.cache
def _latencies(clients: int) -> tuple[list[float], list[float]]:
    samples: tuple[list[float], list[float]] = ([], [])
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        bodies = _bodies(Path(name))
        with _servers(Path(name)) as ports:
            for number in range(1 + PAIRS):
                for port, sample in zip(ports, samples, strict=True):
                    measured = _ask(port, bodies[: max(40, 10 * clients)], clients)
                    sample += measured if number else []
    return samples


def _ask(port: int, bodies: Sequence[bytes], clients: int) -> list[float]:
    """Send all bodies over so many connections and return how long each answer took."""

    def client(share: Sequence[bytes]) -> list[float]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        taken = []
        for body in share:
            started = time.perf_counter()
            connection.request("POST", "/invocations", body, {"Content-Type": "image/jpeg"})
            answer = connection.getresponse()
            content = answer.read()
            taken.append(time.perf_counter() - started)
            if answer.status != 200:
                raise RuntimeError(f"the server answered {answer.status}: {content[:200]!r}")
        connection.close()
        return taken

    with ThreadPoolExecutor(clients) as pool:
        shares = [bodies[number::clients] for number in range(clients)]
        return [seconds for taken in pool.map(client, shares) for seconds in taken]


@contextmanager
def _servers(folder: Path) -> Iterator[tuple[int, int]]:
    """The ports of two servers of one model, in int8 and in float32."""
    inference.model(folder)
    with ExitStack() as stack:
        servers = [
            stack.enter_context(_server(folder, precision))
            for precision in (_fastest(folder), "float32")
        ]
        yield servers[0][0], servers[1][0]


def _fastest(folder: Path) -> str:
    """int8 where the model and this processor have it, which a server does not find out itself."""
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
    variables_of_ours = {k: v for k, v in environment().items() if k != "OMP_NUM_THREADS"}
    program = [sys.executable, "-m", "include.image_classification", "serve"]
    process = subprocess.Popen(
        program, env=variables_of_ours | variables, stdout=subprocess.DEVNULL
    )
    try:
        _await(port, process)
        yield port, process
    finally:
        process.terminate()
        process.wait()


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
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
    """JPEGs of the network's size, from real photos where CARS names them, else drawn ones."""
    archive = photos.cars("cars_train.tgz")
    if archive is None:
        archive = draw_cars(folder / "drawn").folder / "cars_train.tgz"
    found = sorted(photos.unpack(archive, folder).rglob("*.jpg"))[:PHOTOS]
    return [_square(path.read_bytes()) for path in found]


def _square(photo: bytes) -> bytes:
    image = squash(decode_photo(photo, 1).image, inference.SIDE, inference.SIDE)
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()


def _named(clients: int) -> str:
    return f"{clients}_client" if clients == 1 else f"{clients}_clients"


LATENCIES: dict[str, Callable[[Path], Ratio]] = {
    f"latency_{_named(clients)}_p{percentile}": partial(latency, percentile, clients)
    for clients in CLIENTS
    for percentile in (50, 99)
}
