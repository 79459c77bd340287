"""Photos of strangers are decoded in processes with limits, whose end blames one photo only."""

import io
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from include.decisions.batch.incoming import IncomingImage
from include.decisions.batch.screening import decoders as screening
from include.decisions.batch.screening.budget import Budget
from include.decisions.batch.screening.decoders import Decoder, DecoderError, Decoders
from include.decisions.batch.screening.incoming_photos import find_unreadable_images
from include.storage.layout import Layout
from tests.include.decisions.memory_s3 import MemoryS3

MEGABYTE = 1 << 20


def photo(kind: str = "JPEG", side: int = 32, mode: str = "RGB", **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, (side, side)).save(buffer, kind, **options)
    return buffer.getvalue()


def noise() -> bytes:
    """A JPEG in which each of many scans has something to decode."""
    pixels = np.random.default_rng(0).integers(0, 255, (4000, 4000, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", progressive=True, subsampling=0)
    return buffer.getvalue()


@pytest.fixture
def decoder() -> Iterator[Decoder]:
    decoder = Decoder()
    yield decoder
    decoder.close()


def pid(decoder: Decoder) -> int:
    assert decoder.process is not None
    return decoder.process.pid


class Killing(Budget):
    """Ends the decoding process while its photo waits for its part of the budget."""

    def __init__(self, decoder: Decoder, number: signal.Signals) -> None:
        super().__init__(100)
        self._decoder, self._number = decoder, number

    @contextmanager
    def taken(self, units: int) -> Iterator[None]:
        os.kill(pid(self._decoder), self._number)
        yield


def test_one_process_looks_at_many_photos(decoder: Decoder) -> None:
    budget = Budget(1000)
    assert decoder.problem(photo(), budget) is None
    first = pid(decoder)
    assert decoder.problem(b"hello", budget) == "is neither JPEG nor PNG"
    assert decoder.problem(b"", budget) == "is empty"
    assert "cannot be decoded" in str(decoder.problem(photo()[:-80], budget))
    assert decoder.problem(photo("PNG"), budget) is None
    assert pid(decoder) == first


def test_the_process_has_limits_and_none_of_the_workers_secrets(
    decoder: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects connections, keys and tokens from what a decoder can be made to do."""
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", "aws://key:hush@")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "hush")
    assert decoder.problem(photo(), Budget(10_000)) is None
    process = Path("/proc") / str(pid(decoder))
    names = {entry.split(b"=")[0] for entry in (process / "environ").read_bytes().split(b"\0")}
    assert b"hush" not in (process / "environ").read_bytes()
    assert not {name for name in names if name.startswith((b"AWS", b"AIRFLOW"))}
    limits = (process / "limits").read_text()
    (space,) = (line for line in limits.splitlines() if line.startswith("Max address space"))
    assert space.split()[3] == str(screening.MEMORY)
    (time,) = (line for line in limits.splitlines() if line.startswith("Max cpu time"))
    assert time.split()[3] != "unlimited"


@pytest.mark.parametrize("number", [signal.SIGABRT, signal.SIGSEGV])
def test_a_photo_that_ends_its_process_is_refused_and_the_next_is_looked_at(
    decoder: Decoder, number: signal.Signals
) -> None:
    """Protects a night's other photos from one that crashes a decoder."""
    killing = Killing(decoder, number)
    assert decoder.problem(photo(), killing) == (
        f"cannot be decoded: the process that decoded it ended by signal {number.name}"
    )
    assert decoder.problem(photo(), Budget(10_000)) is None


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_process_that_is_ended_from_outside_blames_no_photo(
    decoder: Decoder, number: signal.Signals
) -> None:
    """Protects a good photo from being left out for ever because a worker had no memory."""
    with pytest.raises(DecoderError, match=f"ended by {number.name} from outside"):
        decoder.problem(photo(), Killing(decoder, number))
    assert decoder.process is None
    assert decoder.problem(photo(), Budget(10_000)) is None


def test_a_limit_of_the_workers_own_processor_time_blames_no_photo() -> None:
    """A soft limit above the worker's hard limit would be refused by the kernel."""
    program = (
        "import resource, sys\n"
        "from include.decisions.batch.screening.budget import Budget\n"
        "from include.decisions.batch.screening.decoders import Decoder\n"
        "resource.setrlimit(resource.RLIMIT_CPU, (60, 60))\n"
        "decoder = Decoder(seconds=120)\n"
        "print(decoder.problem(sys.stdin.buffer.read(), Budget(10_000)))\n"
        "print(*resource.prlimit(decoder.process.pid, resource.RLIMIT_CPU))\n"
        "decoder.close()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=photo(), capture_output=True, check=True
    )
    assert done.stdout.decode().splitlines() == ["None", "59 60"]


def test_a_photo_that_needs_too_much_memory_is_refused() -> None:
    decoder = Decoder(memory=192 * MEGABYTE)
    try:
        assert decoder.problem(photo("PNG", 10_000, "L"), Budget(10_000)) == (
            "needs more than 192 MB of memory to be decoded"
        )
        assert decoder.problem(photo(), Budget(10_000)) is None
    finally:
        decoder.close()


def test_a_photo_that_needs_too_much_time_is_refused() -> None:
    """Of the process's own time: how busy the machine is does not matter."""
    decoder = Decoder(seconds=0)
    try:
        assert decoder.problem(noise(), Budget(10_000)) == (
            "needs more than 0 s of processor time to be decoded"
        )
    finally:
        decoder.close()


@pytest.mark.parametrize(
    "content",
    [
        photo("JPEG", 10_000, "CMYK", progressive=True, subsampling=0),
        photo("PNG", 10_000, "RGBA"),
    ],
    ids=["JPEG", "PNG"],
)
def test_the_largest_photos_fit_into_the_memory(decoder: Decoder, content: bytes) -> None:
    assert decoder.problem(content, Budget(10_000)) is None


def test_a_process_that_does_not_start_blames_no_photo(monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects all of incoming/ from being listed as unreadable for want of a library."""
    monkeypatch.setattr(screening, "CHILD", "include.decisions.batch.screening.absent")
    with pytest.raises(DecoderError, match="No module named"), Decoders() as decoders:
        decoders.problem(photo())


def test_no_more_pixels_are_decoded_at_once_than_the_budget_has() -> None:
    """Whatever the number of threads and processes."""
    most, held, lock = 3 * 32 * 32, [0, 0], threading.Lock()

    class Watched(Budget):
        @contextmanager
        def taken(self, units: int) -> Iterator[None]:
            with super().taken(units):
                with lock:
                    held[0] += units
                    held[1] = max(held)
                yield
                with lock:
                    held[0] -= units

    with Decoders(processes=4, pixels=Watched(most)) as decoders, ThreadPoolExecutor(16) as threads:
        assert set(threads.map(decoders.problem, [photo()] * 64)) == {None}
    assert held[0] == 0
    assert 0 < held[1] <= most


def test_more_than_the_whole_budget_is_taken_alone() -> None:
    budget = Budget(10)
    with budget.taken(50):
        assert budget._left == 0
    assert budget._left == 10


def test_a_batch_goes_on_after_a_photo_that_ended_its_process(
    monkeypatch: pytest.MonkeyPatch, layout: Layout
) -> None:
    """The photo is listed with its reason, as any other that cannot be read."""
    s3 = MemoryS3()
    bodies = {"a.jpg": photo(), "bad.png": photo("PNG", 10_000, "L"), "c.jpg": photo()}
    for key, body in bodies.items():
        s3.objects[f"{layout.incoming}{key}"] = body
    few = 192 * MEGABYTE
    monkeypatch.setattr(
        "include.decisions.batch.screening.incoming_photos.Decoders",
        lambda: Decoders(processes=1, memory=few),
    )
    images = [IncomingImage(key, '"1"', len(body)) for key, body in bodies.items()]
    found = find_unreadable_images(s3, layout, images, 10 * MEGABYTE)
    assert found == {"bad.png": "needs more than 192 MB of memory to be decoded"}


def test_a_batch_fails_whole_when_a_process_is_ended_from_outside(
    monkeypatch: pytest.MonkeyPatch, layout: Layout
) -> None:
    """The task's retry looks at all photos again, and no process is left behind."""
    s3 = MemoryS3()
    s3.objects[f"{layout.incoming}a.jpg"] = body = photo()
    decoders = Decoders(processes=1)
    (decoder,) = decoders._all
    decoders._pixels = Killing(decoder, signal.SIGKILL)
    monkeypatch.setattr(
        "include.decisions.batch.screening.incoming_photos.Decoders", lambda: decoders
    )
    with pytest.raises(DecoderError, match="SIGKILL"):
        find_unreadable_images(s3, layout, [IncomingImage("a.jpg", '"1"', len(body))], MEGABYTE)
    assert decoder.process is None


def test_an_object_that_grew_since_it_was_listed_is_not_read_whole(layout: Layout) -> None:
    s3 = MemoryS3()
    s3.objects[f"{layout.incoming}a.jpg"] = photo() + b"x" * 5000
    found = find_unreadable_images(s3, layout, [IncomingImage("a.jpg", '"1"', 100)], 1000)
    assert found == {"a.jpg": "1001 bytes, and a request carries 1000"}
