"""Tests of the child processes that decode untrusted photos."""

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

from include.image_classification.selection.folder import Folder
from include.image_classification.selection.screening import decoders as screening
from include.image_classification.selection.screening.budget import Budget
from include.image_classification.selection.screening.decoders import (
    Decoder,
    DecoderError,
    Decoders,
)
from include.image_classification.selection.screening.photos import IncomingImage, screen_photos
from tests.include.decisions.memory_s3 import MemoryS3

MEGABYTE = 1 << 20
PACKAGE = "include.image_classification.selection.screening"
DECODERS = f"{PACKAGE}.photos.Decoders"


def photo(kind: str = "JPEG", side: int = 32, mode: str = "RGB", **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, (side, side)).save(buffer, kind, **options)
    return buffer.getvalue()


def noise() -> bytes:
    """Return a progressive JPEG of noise, which takes long to decode."""
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
    """Kills the decoding process when its photo has part of the budget."""

    def __init__(self, decoder: Decoder, number: signal.Signals) -> None:
        super().__init__(100)
        self._decoder, self._number = decoder, number

    @contextmanager
    def taken(self, units: int) -> Iterator[None]:
        os.kill(pid(self._decoder), self._number)
        yield


def test_one_process_checks_many_photos(decoder: Decoder) -> None:
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
    """A compromised decoder must not get connections, keys and tokens."""
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
def test_a_photo_that_crashes_its_process_is_rejected_and_the_next_is_checked(
    decoder: Decoder, number: signal.Signals
) -> None:
    """One photo must not fail the others."""
    killing = Killing(decoder, number)
    assert decoder.problem(photo(), killing) == (
        f"cannot be decoded: the process that decoded it ended by signal {number.name}"
    )
    assert decoder.problem(photo(), Budget(10_000)) is None


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_process_that_is_killed_from_outside_rejects_no_photo(
    decoder: Decoder, number: signal.Signals
) -> None:
    """A good photo must not be listed as unreadable because the worker ran out of memory."""
    with pytest.raises(DecoderError, match=f"killed by {number.name} from outside"):
        decoder.problem(photo(), Killing(decoder, number))
    assert decoder.process is None
    assert decoder.problem(photo(), Budget(10_000)) is None


def test_a_lower_hard_limit_of_the_worker_is_respected() -> None:
    """A soft limit above the worker's hard limit is rejected by the kernel."""
    program = (
        "import resource, sys\n"
        "from include.image_classification.selection.screening.budget import Budget\n"
        "from include.image_classification.selection.screening.decoders import Decoder\n"
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


def test_a_photo_that_needs_too_much_memory_is_rejected() -> None:
    decoder = Decoder(memory=192 * MEGABYTE)
    try:
        assert decoder.problem(photo("PNG", 10_000, "RGB"), Budget(10_000)) == (
            "needs more than 192 MB of memory to be decoded"
        )
        assert decoder.problem(photo(), Budget(10_000)) is None
    finally:
        decoder.close()


def test_a_photo_that_needs_too_much_time_is_rejected() -> None:
    """Processor time counts, so that the load of the computer does not matter."""
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
def test_the_largest_allowed_photos_fit_into_the_memory(decoder: Decoder, content: bytes) -> None:
    assert decoder.problem(content, Budget(10_000)) is None


def test_a_process_that_does_not_start_rejects_no_photo(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing library must not make all images unreadable."""
    monkeypatch.setattr(screening, "CHILD", f"{PACKAGE}.absent")
    with pytest.raises(DecoderError, match="No module named"), Decoders() as decoders:
        decoders.problem(photo())


def test_the_budget_limits_the_pixels_decoded_at_the_same_time() -> None:
    """For any number of threads and processes."""
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


def test_a_request_larger_than_the_budget_takes_all_of_it() -> None:
    budget = Budget(10)
    with budget.taken(50):
        assert budget._left == 0
    assert budget._left == 10


@pytest.fixture
def incoming() -> Folder:
    return Folder(MemoryS3(), "some-bucket", "cars/incoming/")


def uploaded(incoming: Folder, key: str, body: bytes) -> IncomingImage:
    """Upload a photo, and return its entry in a listing."""
    incoming.s3.objects[f"{incoming.prefix}{key}"] = body
    tag = incoming.s3.get_object(**incoming.key(key))["ETag"]
    return IncomingImage(key, tag, len(body))


def test_a_batch_continues_after_a_photo_that_crashed_its_process(
    monkeypatch: pytest.MonkeyPatch, incoming: Folder
) -> None:
    """The photo is listed with its reason like other unreadable photos."""
    bodies = {"a.jpg": photo(), "bad.png": photo("PNG", 10_000, "RGB"), "c.jpg": photo()}
    images = [uploaded(incoming, key, body) for key, body in bodies.items()]
    memory = 192 * MEGABYTE
    monkeypatch.setattr(DECODERS, lambda: Decoders(processes=1, memory=memory))
    found = screen_photos(incoming, images, 10 * MEGABYTE)
    assert found.unreadable == {"bad.png": "needs more than 192 MB of memory to be decoded"}


def test_a_job_fails_if_a_process_is_killed_from_outside(
    monkeypatch: pytest.MonkeyPatch, incoming: Folder
) -> None:
    """No photo is listed as unreadable, and no process is left running."""
    image = uploaded(incoming, "a.jpg", photo())
    decoders = Decoders(processes=1)
    (decoder,) = decoders._all
    decoders._pixels = Killing(decoder, signal.SIGKILL)
    monkeypatch.setattr(DECODERS, lambda: decoders)
    with pytest.raises(DecoderError, match="SIGKILL"):
        screen_photos(incoming, [image], MEGABYTE)
    assert decoder.process is None


def test_an_object_that_has_grown_since_the_listing_is_not_read(incoming: Folder) -> None:
    image = uploaded(incoming, "a.jpg", photo())
    incoming.s3.objects[f"{incoming.prefix}a.jpg"] = bytes(5 * MEGABYTE)
    found = screen_photos(incoming, [image], MEGABYTE)
    assert found.unreadable == {}
    assert found.changed == {"a.jpg"}
