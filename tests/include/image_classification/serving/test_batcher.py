"""Dynamic batching of images."""

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from include.image_classification.images.resizing import Image
from include.image_classification.serving.batcher import Batcher
from include.image_classification.serving.network import SIZES, next_batch


class Doubler:
    """Returns twice the first pixel of each image, and records the sizes of its batches."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, images: Sequence[Image]) -> NDArray[np.float32]:
        self.gate.wait(10)
        self.sizes.append(len(images))
        if any(image.flat[0] == 13 for image in images):
            raise ValueError("13 cannot be computed")
        return np.array([[2.0 * image.flat[0]] for image in images], np.float32)


@pytest.fixture
def doubler() -> Doubler:
    return Doubler()


@pytest.fixture
def batcher(doubler: Doubler) -> Iterator[Batcher]:
    batcher = Batcher(doubler, next_batch, SIZES[-1], threads=2)
    yield batcher
    doubler.gate.set()
    batcher.close()


def image(value: int) -> Image:
    return np.full((1, 1, 1), value, np.uint8)


def submit(batcher: Batcher, value: int) -> Future[NDArray[np.float32]]:
    return batcher.submit(lambda: image(value))


def test_each_future_has_the_result_of_its_image(batcher: Batcher) -> None:
    futures = [submit(batcher, value) for value in range(100, 200)]
    assert [future.result(10)[0] for future in futures] == [2 * v for v in range(100, 200)]


def test_images_that_wait_during_a_batch_form_the_next_batch(
    batcher: Batcher, doubler: Doubler
) -> None:
    doubler.gate.clear()
    first = submit(batcher, 1)
    others = [submit(batcher, 2) for _ in range(8)]
    time.sleep(0.05)  # meanwhile, the images are decoded
    doubler.gate.set()
    for future in (first, *others):
        future.result(10)
    assert len(doubler.sizes) <= 3
    assert sum(doubler.sizes) == 9


def test_a_single_image_does_not_wait(doubler: Doubler) -> None:
    batcher = Batcher(doubler, next_batch, SIZES[-1], threads=2, max_wait=5)
    started = time.monotonic()
    for value in range(5):
        submit(batcher, value).result(10)
    assert time.monotonic() - started < 2
    batcher.close()


def test_an_image_waits_for_a_slow_one_no_longer_than_max_wait(doubler: Doubler) -> None:
    batcher = Batcher(doubler, next_batch, SIZES[-1], threads=2, max_wait=0.1)
    release = threading.Event()

    def slow() -> Image:
        release.wait(10)
        return image(3)

    late = batcher.submit(slow)
    assert submit(batcher, 4).result(5)[0] == 8
    assert not late.done()
    release.set()
    assert late.result(5)[0] == 6
    batcher.close()


def test_an_image_that_cannot_be_decoded_does_not_affect_others(batcher: Batcher) -> None:
    def broken() -> Image:
        raise KeyError("no picture")

    bad, good = batcher.submit(broken), submit(batcher, 5)
    with pytest.raises(KeyError, match="no picture"):
        bad.result(10)
    assert good.result(10)[0] == 10


def test_after_a_failed_batch_the_next_one_is_computed(batcher: Batcher) -> None:
    with pytest.raises(ValueError, match="13 cannot"):
        submit(batcher, 13).result(10)
    assert submit(batcher, 6).result(10)[0] == 12


def test_a_cancelled_image_is_not_computed(batcher: Batcher, doubler: Doubler) -> None:
    block = threading.Event()
    busy = [batcher.submit(lambda: (block.wait(10) and image(1)) or image(1)) for _ in range(2)]
    cancelled = submit(batcher, 7)
    assert cancelled.cancel()
    block.set()
    for future in busy:
        future.result(10)
    assert submit(batcher, 8).result(10)[0] == 16
    assert sum(doubler.sizes) == 3


def test_close_computes_the_submitted_images(doubler: Doubler) -> None:
    batcher = Batcher(doubler, next_batch, SIZES[-1], threads=2)
    doubler.gate.clear()
    futures = [submit(batcher, value) for value in (20, 30, 40)]
    threading.Timer(0.05, doubler.gate.set).start()
    batcher.close()
    assert [future.result(0)[0] for future in futures] == [40, 60, 80]


@given(st.integers(1, 200))
def test_at_most_a_quarter_of_the_rows_is_padding(waiting: int) -> None:
    while waiting:
        count = next_batch(waiting)
        size = next(size for size in SIZES if size >= count)
        assert 1 <= count <= waiting
        assert count >= 0.75 * size
        waiting -= count
