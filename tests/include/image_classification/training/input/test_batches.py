"""Batches: each image once, and the same batches for any number of threads."""

from pathlib import Path

import numpy as np
import pytest

from include.image_classification.container import CommandError
from include.image_classification.recordio.framing import RecordWriter
from include.image_classification.recordio.image_records import pack_image
from include.image_classification.recordio.record_file import Records
from include.image_classification.training.input.batches import BatchReader
from include.image_classification.training.input.decoded_images import DecodedImageCache
from tests.include.image_classification.training.job_data import write_records

SHAPE = (3, 32, 32)


def reader(path: Path, threads: int = 2, size: int = 4) -> BatchReader:
    return BatchReader(Records.scan([path], classes=3), SHAPE, size, threads)


def test_validation_yields_each_record_once_in_batches_of_one_size(tmp_path: Path) -> None:
    labels = [0, 1, 2, 0, 1, 2, 2, 1, 0, 0]
    validation = reader(write_records(tmp_path / "v.rec", labels))
    for _ in range(2):  # MXNet's iterator fails in the second epoch
        batches = list(validation.validation())
        assert [batch.rows for batch in batches] == [4, 4, 2]
        assert {batch.images.shape for batch in batches} == {(4, *SHAPE)}
        found = [int(label) for batch in batches for label in batch.labels[: batch.rows]]
        assert found == labels


def test_pixels_are_rgb_from_0_to_255(tmp_path: Path) -> None:
    (batch,) = reader(write_records(tmp_path / "v.rec", [0, 1, 2, 0])).validation()
    strongest = batch.images.mean(axis=(2, 3)).argmax(axis=1)
    assert strongest.tolist() == [0, 1, 2, 0]
    assert 200 < batch.images.max() <= 255


def test_training_batches_depend_on_seed_and_epoch_but_not_on_threads(tmp_path: Path) -> None:
    path = write_records(tmp_path / "t.rec", [i % 3 for i in range(9)], side=40)

    def pixels(threads: int, epoch: int, seed: int) -> list[float]:
        batches = reader(path, threads).training(epoch, "crop_color_transform", seed)
        return [float(batch.images.sum()) for batch in batches]

    first = pixels(1, 0, 7)
    assert len(first) == 2  # the ninth image does not fill a batch
    assert pixels(3, 0, 7) == first
    assert pixels(1, 1, 7) != first
    assert pixels(1, 0, 8) != first


@pytest.mark.parametrize(
    "kind", ["none", "crop", "crop_color", "crop_color_transform", "random_resized_crop"]
)
def test_each_augmentation_returns_pixels_of_the_shape(tmp_path: Path, kind: str) -> None:
    (batch,) = reader(write_records(tmp_path / "t.rec", [0] * 4, side=40)).training(0, kind, 0)
    assert batch.images.shape == (4, *SHAPE)
    assert batch.images.min() >= 0
    assert batch.images.max() <= 255


def test_an_image_smaller_than_the_shape_is_rejected(tmp_path: Path) -> None:
    path = write_records(tmp_path / "t.rec", [0] * 4, side=31)
    with pytest.raises(
        CommandError, match="31x31 pixels, fewer than the 32x32 of a training image"
    ):
        list(reader(path).training(0, "crop", 0))


def test_a_record_that_is_not_an_image_is_rejected(tmp_path: Path) -> None:
    with (tmp_path / "t.rec").open("wb") as file:
        RecordWriter(file).write(pack_image([0], 0, b"not a picture"))
    with pytest.raises(CommandError, match=r"t.rec: record 0 \(key 0\) is not an image"):
        list(reader(tmp_path / "t.rec", size=1).validation())


def test_a_grayscale_shape_has_one_channel(tmp_path: Path) -> None:
    path = write_records(tmp_path / "t.rec", [0] * 2)
    grayscale = BatchReader(Records.scan([path], 3), (1, 32, 32), 2, 1)
    (batch,) = grayscale.training(0, "crop_color", 0)
    assert batch.images.shape == (2, 1, 32, 32)
    assert np.isfinite(batch.images).all()


def test_images_are_cached_until_the_cache_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = Records.scan([write_records(tmp_path / "t.rec", [0, 1, 2])], 3)
    read: list[int] = []
    image = records.image

    def read_image(index: int) -> bytes:
        read.append(index)
        return image(index)

    monkeypatch.setattr(records, "image", read_image)
    cache = DecodedImageCache(records, 3, cache_bytes=2 * 36 * 36 * 3)
    for _ in range(2):
        for index in range(3):
            assert cache[index].shape == (36, 36, 3)
    assert read == [0, 1, 2, 2]  # the cache has room for two
