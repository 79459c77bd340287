"""Images that come together are computed together, and one alone does not wait."""

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
    """Answers twice the image's first pixel, and keeps the sizes of its batches."""

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
    made = Batcher(doubler, next_batch, SIZES[-1], threads=2)
    yield made
    doubler.gate.set()
    made.close()


def image(value: int) -> Image:
    return np.full((1, 1, 1), value, np.uint8)


def submit(batcher: Batcher, value: int) -> Future[NDArray[np.float32]]:
    return batcher.submit(lambda: image(value))


def test_everyone_gets_the_answer_to_their_own_image(batcher: Batcher) -> None:
    futures = [submit(batcher, value) for value in range(100, 200)]
    assert [future.result(10)[0] for future in futures] == [2 * v for v in range(100, 200)]


def test_what_waited_while_a_batch_was_computed_is_the_next_one(
    batcher: Batcher, doubler: Doubler
) -> None:
    doubler.gate.clear()
    first = submit(batcher, 1)
    others = [submit(batcher, 2) for _ in range(8)]
    time.sleep(0.05)  # they are decoded meanwhile
    doubler.gate.set()
    for future in (first, *others):
        future.result(10)
    assert len(doubler.sizes) <= 3
    assert sum(doubler.sizes) == 9


def test_an_image_on_its_own_does_not_wait_for_company(doubler: Doubler) -> None:
    batcher = Batcher(doubler, next_batch, SIZES[-1], threads=2, patience=5)
    started = time.monotonic()
    for value in range(5):
        submit(batcher, value).result(10)
    assert time.monotonic() - started < 2
    batcher.close()


def test_a_slow_neighbour_is_waited_for_no_longer_than_the_patience(doubler: Doubler) -> None:
    batcher = Batcher(doubler, next_batch, SIZES[-1], threads=2, patience=0.1)
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


def test_an_image_that_cannot_be_decoded_harms_nobody_else(batcher: Batcher) -> None:
    def broken() -> Image:
        raise KeyError("no picture")

    bad, good = batcher.submit(broken), submit(batcher, 5)
    with pytest.raises(KeyError, match="no picture"):
        bad.result(10)
    assert good.result(10)[0] == 10


def test_a_batch_that_fails_tells_everyone_in_it_and_the_next_one_is_computed(
    batcher: Batcher,
) -> None:
    with pytest.raises(ValueError, match="13 cannot"):
        submit(batcher, 13).result(10)
    assert submit(batcher, 6).result(10)[0] == 12


def test_who_hangs_up_before_decoding_costs_nothing(batcher: Batcher, doubler: Doubler) -> None:
    block = threading.Event()
    busy = [batcher.submit(lambda: (block.wait(10) and image(1)) or image(1)) for _ in range(2)]
    given_up = submit(batcher, 7)
    assert given_up.cancel()
    block.set()
    for future in busy:
        future.result(10)
    assert submit(batcher, 8).result(10)[0] == 16
    assert sum(doubler.sizes) == 3


def test_closing_answers_what_was_submitted(doubler: Doubler) -> None:
    batcher = Batcher(doubler, next_batch, SIZES[-1], threads=2)
    doubler.gate.clear()
    futures = [submit(batcher, value) for value in (20, 30, 40)]
    threading.Timer(0.05, doubler.gate.set).start()
    batcher.close()
    assert [future.result(0)[0] for future in futures] == [40, 60, 80]


@given(st.integers(1, 200))
def test_batches_waste_no_more_than_a_quarter_of_their_rows(waiting: int) -> None:
    while waiting:
        count = next_batch(waiting)
        size = next(size for size in SIZES if size >= count)
        assert 1 <= count <= waiting
        assert count >= 0.75 * size
        waiting -= count
