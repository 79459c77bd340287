"""Features of a channel: views, limits, batches, and an interruption."""

import itertools
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from include.image_classification.container import CommandError
from include.image_classification.recordio.record_file import Records
from include.image_classification.training.fine_tuning.feature_cache import (
    Features,
    compute_features,
    feature_dtype,
)
from include.image_classification.training.fine_tuning.feature_reader import FeatureReader
from include.image_classification.training.input.batches import Batch, BatchReader
from tests.include.image_classification.training.job_data import write_records

IMAGES, SIZE, SIDE = 10, 4, 36
GOING = threading.Event()


@pytest.fixture
def images(tmp_path: Path) -> BatchReader:
    """Ten images of three classes, in batches of four."""
    path = write_records(tmp_path / "train.rec", [i % 3 for i in range(IMAGES)], side=SIDE)
    return BatchReader(Records.scan([path], 3), (3, SIDE, SIDE), SIZE, threads=1)


def corners(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return each image's first and last pixel of the first row, in place of a network."""
    return pixels[:, :, 0, [0, -1]].astype(np.float32)


def features_of(images: BatchReader, views: int) -> Features:
    features = compute_features("train", images, IMAGES, views, (3, 2), corners, GOING)
    assert features is not None
    return features


def test_the_second_view_is_the_mirror_image(images: BatchReader) -> None:
    features = features_of(images, views=2)
    pixels = np.concatenate([batch.images[: batch.rows] for batch in images.validation()])
    assert features.values.shape == (2, IMAGES, 3, 2)
    assert np.array_equal(features.values[0], corners(pixels))
    assert np.array_equal(features.values[1], corners(pixels)[..., ::-1])
    assert features.labels.tolist() == [i % 3 for i in range(IMAGES)]
    assert np.array_equal(features_of(images, views=1).values, features.values[:1])


def test_a_stop_ends_the_computation(images: BatchReader) -> None:
    stop = threading.Event()
    computed = []

    def extract(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        computed.append(len(pixels))
        stop.set()
        return corners(pixels)

    assert compute_features("train", images, IMAGES, 1, (3, 2), extract, stop) is None
    assert computed == [SIZE]


@pytest.mark.parametrize(
    ("limit", "dtype"), [(480, np.float32), (479, np.float16), (240, np.float16)]
)
def test_features_are_float16_if_float32_exceeds_the_limit(limit: int, dtype: type) -> None:
    assert feature_dtype(2, 10, (3, 2), limit) is dtype


def test_features_that_do_not_fit_are_rejected_with_their_size() -> None:
    with pytest.raises(CommandError, match=r"5753 images \(2 x 112x56x56 .* 7.5 GiB .* of 2 GiB"):
        feature_dtype(2, 5753, (112, 56, 56))


def reader_of(images: BatchReader, views: int) -> FeatureReader:
    reader = FeatureReader(lambda _: features_of(images, views), IMAGES, SIZE)
    assert reader.prepare(GOING)
    return reader


def rows(batches: Iterator[Batch]) -> list[tuple[bytes, float]]:
    """Return features and label of each row that is no padding."""
    return [
        (batch.images[row].tobytes(), float(batch.labels[row]))
        for batch in batches
        for row in range(batch.rows)
    ]


def test_an_epoch_has_each_image_once_in_a_random_order_and_view(images: BatchReader) -> None:
    features, reader = features_of(images, views=2), reader_of(images, views=2)
    numbers = {
        (features.values[view, index].tobytes(), float(features.labels[index])): (index, view)
        for view in (0, 1)
        for index in range(IMAGES)
    }
    epochs = [
        [numbers[row] for row in rows(reader.training(epoch, "crop", 5))] for epoch in range(20)
    ]
    for epoch in epochs:
        assert len({index for index, _ in epoch}) == len(epoch) == reader.batches * SIZE == 8
    assert epochs[0] != epochs[1]
    assert {pair for epoch in epochs for pair in epoch} == set(
        itertools.product(range(IMAGES), (0, 1))
    )
    assert [numbers[row] for row in rows(reader.training(0, "crop", 5))] == epochs[0]
    assert [numbers[row] for row in rows(reader.training(0, "crop", 6))] != epochs[0]


def test_the_order_is_that_of_the_images(images: BatchReader) -> None:
    reader = reader_of(images, views=1)
    labels = [label for _, label in rows(reader.training(3, "none", 7))]
    assert labels == [label for _, label in rows(images.training(3, "none", 7))]


def test_validation_reads_the_squashed_images_in_file_order(images: BatchReader) -> None:
    features, batches = features_of(images, views=2), list(reader_of(images, 2).validation())
    assert [batch.rows for batch in batches] == [4, 4, 2]
    assert {batch.images.shape for batch in batches} == {(SIZE, 3, 2)}
    assert {batch.labels.shape for batch in batches} == {(SIZE,)}
    found = np.concatenate([batch.images[: batch.rows] for batch in batches])
    assert np.array_equal(found, features.values[0])


def test_features_are_computed_once_and_not_after_a_stop(images: BatchReader) -> None:
    results = [None, features_of(images, 1)]
    reader = FeatureReader(lambda _: results.pop(0), IMAGES, SIZE)
    assert not reader.prepare(GOING)
    with pytest.raises(RuntimeError, match="call prepare"):
        next(reader.validation())
    assert reader.prepare(GOING)
    assert reader.prepare(GOING)
    assert len(list(reader.validation())) == 3
