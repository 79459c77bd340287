"""Dynamic batching: requests that arrive at the same time are computed in one batch."""

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

MAX_WAIT_SECONDS = 0.004
"""How long a decoded image waits for images that are being decoded."""


class Batcher:
    """Decodes images in several threads and computes batches in one; any thread may submit.

    A single image is computed immediately. It waits a few milliseconds only while other images are
    being decoded.
    """

    def __init__(
        self,
        compute: Compute,
        next_batch: Callable[[int], int],
        largest: int,
        threads: int,
        max_wait: float = MAX_WAIT_SECONDS,
    ) -> None:
        """Start the threads.

        Args:
            compute: Computes a batch. Called by one thread only.
            next_batch: Returns the size of the next batch for a number of waiting images.
            largest: The largest size of a batch.
            threads: The number of threads that decode.
            max_wait: The longest time in seconds that an image waits for others.
        """
        self._compute, self._next_batch = compute, next_batch
        self._largest, self._max_wait = largest, max_wait
        self._waiting: deque[Waiting] = deque()
        self._decoding = 0
        self._closed = False
        self._changed = threading.Condition()
        self._decoders = ThreadPoolExecutor(threads, thread_name_prefix="decode")
        self._thread = threading.Thread(target=self._run, name="compute", daemon=True)
        self._thread.start()

    def submit(self, decode: Callable[[], Image]) -> Future[Probabilities]:
        """Decode and compute an image.

        The future returns the image's probabilities, or raises the error of decoding or computing.
        The caller may cancel it.
        """
        future: Future[Probabilities] = Future()
        with self._changed:
            self._decoding += 1
        self._decoders.submit(self._decode, decode, future)
        return future

    def close(self) -> None:
        """Compute the submitted images and end the threads."""
        self._decoders.shutdown()
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()

    def _decode(self, decode: Callable[[], Image], future: Future[Probabilities]) -> None:
        image: Image | None = None
        # The future is cancelled if the client has disconnected; from here on, it cannot be.
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
        while batch := self._wait_for_batch():
            images, futures = zip(*batch, strict=True)
            try:
                answers = self._compute(images)
            except Exception as error:
                for future in futures:
                    future.set_exception(error)
                continue
            for future, answer in zip(futures, answers, strict=True):
                future.set_result(answer)

    def _wait_for_batch(self) -> list[Waiting]:
        """Return the next batch; an empty list if the batcher is closed and all images are done."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            deadline = time.monotonic() + self._max_wait
            while self._decoding and 0 < len(self._waiting) < self._largest:
                if not self._changed.wait(deadline - time.monotonic()):
                    break
            count = self._next_batch(len(self._waiting)) if self._waiting else 0
            return [self._waiting.popleft() for _ in range(count)]
