"""Requests that arrive together are computed together."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from include.image_classification.images.resizing import Image

Probabilities = NDArray[np.float32]
Compute = Callable[[Sequence[Image]], Probabilities]
Waiting = tuple[Image, Future[Probabilities]]

PATIENCE = 0.004
"""Seconds that an image waits at most for others that are being decoded."""


class Batcher:
    """Decodes in several threads and computes batches in one; any thread may submit.

    An image on its own is computed at once. It waits, a few milliseconds, only for images that are
    being decoded and so about to come.
    """

    def __init__(
        self,
        compute: Compute,
        next_batch: Callable[[int], int],
        largest: int,
        threads: int,
        patience: float = PATIENCE,
    ) -> None:
        """Start the threads.

        Args:
            compute: Called by one thread only, one batch after the other.
            next_batch: How many of so many waiting images make the next batch.
            largest: The most images that a batch holds.
            threads: How many decode.
            patience: The longest wait in seconds.
        """
        self._compute, self._next_batch = compute, next_batch
        self._largest, self._patience = largest, patience
        self._waiting: deque[Waiting] = deque()
        self._decoding = 0
        self._closed = False
        self._changed = threading.Condition()
        self._decoders = ThreadPoolExecutor(threads, thread_name_prefix="decode")
        self._thread = threading.Thread(target=self._run, name="compute", daemon=True)
        self._thread.start()

    def submit(self, decode: Callable[[], Image]) -> Future[Probabilities]:
        """Have an image decoded and computed.

        The future holds its row of probabilities, or what decoding or computing raised. Who no
        longer wants it cancels it.
        """
        future: Future[Probabilities] = Future()
        with self._changed:
            self._decoding += 1
        self._decoders.submit(self._decode, decode, future)
        return future

    def close(self) -> None:
        """Compute what was submitted and end the threads."""
        self._decoders.shutdown()
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()

    def _decode(self, decode: Callable[[], Image], future: Future[Probabilities]) -> None:
        image: Image | None = None
        # Who asked may have hung up meanwhile; from here on nobody can take the future back.
        if future.set_running_or_notify_cancel():
            try:
                image = decode()
            except Exception as error:
                future.set_exception(error)
        with self._changed:
            self._decoding -= 1
            if image is not None:
                self._waiting.append((image, future))
            self._changed.notify_all()

    def _run(self) -> None:
        while batch := self._gather():
            images, futures = zip(*batch, strict=True)
            try:
                answers = self._compute(images)
            except Exception as error:
                for future in futures:
                    future.set_exception(error)
                continue
            for future, answer in zip(futures, answers, strict=True):
                future.set_result(answer)

    def _gather(self) -> list[Waiting]:
        """The next batch; empty when closed and all is done."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            deadline = time.monotonic() + self._patience
            while self._decoding and 0 < len(self._waiting) < self._largest:
                if not self._changed.wait(deadline - time.monotonic()):
                    break
            count = self._next_batch(len(self._waiting)) if self._waiting else 0
            return [self._waiting.popleft() for _ in range(count)]
