"""Test helper: FIFOs like SageMaker's in Pipe mode."""

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def serve_fifos(folder: Path, channel: str, content: bytes) -> Iterator[list[int]]:
    """Write the same content into `<channel>_0`, `<channel>_1`, ... until the context ends.

    Yields a list of the numbers of the FIFOs that were opened.
    """
    folder.mkdir(parents=True, exist_ok=True)
    passes: list[int] = []
    ended = threading.Event()

    def write() -> None:
        number = 0
        while True:
            path = folder / f"{channel}_{number}"
            os.mkfifo(path)
            descriptor = _open(path, ended)
            if descriptor is None:
                return
            passes.append(number)
            os.set_blocking(descriptor, True)
            with contextlib.suppress(BrokenPipeError), os.fdopen(descriptor, "wb") as fifo:
                fifo.write(content)
            path.unlink()
            number += 1

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield passes
    finally:
        ended.set()
        thread.join()


def _open(path: Path, ended: threading.Event) -> int | None:
    while not ended.is_set():
        with contextlib.suppress(OSError):  # no reader has opened the FIFO yet
            return os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        time.sleep(0.002)
    return None
