"""The drawn data set: layout, reproducibility, and classes that differ in shape only."""

from __future__ import annotations

import io
import json
import tarfile
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.io import loadmat

from include.local_run.drawing import KINDS, draw_cars, take_photo
from include.local_run.drawing.canvas import Image

Features = NDArray[np.float32]
PER_CLASS, SEEDS = 20, (0, 1, 7)


@cache
def _drawn(seed: int) -> tuple[list[Image], NDArray[np.int64]]:
    labels = np.repeat(np.arange(len(KINDS)), PER_CLASS)
    images = [
        take_photo(KINDS[label], np.random.default_rng([seed, 0, int(label), index % PER_CLASS]))
        for index, label in enumerate(labels)
    ]
    return [photo.image for photo in images], labels


def _nearest_centroid_accuracy(features: Features, labels: NDArray[np.int64]) -> float:
    test = np.arange(len(labels)) % 4 == 0
    centroids = np.stack([features[~test & (labels == c)].mean(axis=0) for c in np.unique(labels)])
    distance = ((features[test][:, None] - centroids[None]) ** 2).sum(axis=2)
    return float((distance.argmin(axis=1) == labels[test]).mean())


@pytest.mark.parametrize("seed", SEEDS)
def test_thumbnails_do_not_identify_the_kind(seed: int) -> None:
    """Protects the data set from a solution by the positions of bright pixels."""
    images, labels = _drawn(seed)
    small = [cv2.resize(image, (8, 8), interpolation=cv2.INTER_AREA) for image in images]
    features = np.stack(small).reshape(len(images), -1).astype(np.float32)
    assert _nearest_centroid_accuracy(features, labels) < 0.5


@pytest.mark.parametrize("seed", SEEDS)
def test_colors_do_not_identify_the_kind(seed: int) -> None:
    """Protects against kinds with a typical paint or background."""
    images, labels = _drawn(seed)
    rows = [cv2.calcHist([i], [0, 1, 2], None, [4] * 3, [0, 256] * 3).ravel() for i in images]
    features = np.stack([row / row.sum() for row in rows]).astype(np.float32)
    assert _nearest_centroid_accuracy(features, labels) < 0.5


def test_there_are_at_least_eight_kinds_with_different_names() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS) >= 8


def test_the_data_set_is_reproducible_by_its_seed(tmp_path: Path) -> None:
    """Protects reproducibility: a dataset version must be the same on all computers."""
    archives = ("cars_train.tgz", "car_devkit.tgz")
    first, again, other = (
        [(draw_cars(tmp_path / name, seed, 2, 3).folder / a).read_bytes() for a in archives]
        for name, seed in (("a", 4), ("b", 4), ("c", 5))
    )
    assert first == again
    assert first[0] != other[0]


def test_the_layout_is_that_of_stanford_cars(tmp_path: Path) -> None:
    """Protects what the dataset refresh reads: member names, struct fields, 1-based numbers."""
    folder = draw_cars(tmp_path / "cars", 0, 2, 0).folder
    with tarfile.open(folder / "car_devkit.tgz") as devkit:
        meta, annotations = (
            loadmat(io.BytesIO(_member(devkit, f"devkit/{name}.mat")), squeeze_me=True)[field]
            for name, field in (("cars_meta", "class_names"), ("cars_train_annos", "annotations"))
        )
    assert list(meta) == [kind.name for kind in KINDS]
    assert annotations.dtype.names == ("bbox_x1", "bbox_y1", "bbox_x2", "bbox_y2", "class", "fname")
    assert sorted(set(annotations["class"])) == list(range(1, len(KINDS) + 1))
    with tarfile.open(folder / "cars_train.tgz") as photos:
        assert photos.getnames()[0] == "cars_train/00001.jpg"
        for row in annotations:
            image = _decode(_member(photos, f"cars_train/{row['fname']}"))
            assert 1 <= row["bbox_x1"] < row["bbox_x2"] <= image.shape[1]
            assert 1 <= row["bbox_y1"] < row["bbox_y2"] <= image.shape[0]
            assert 128 <= image.shape[1] <= 200
            assert 96 <= image.shape[0] <= 140


def test_new_photos_have_known_classes_and_are_not_in_the_archive(tmp_path: Path) -> None:
    cars = draw_cars(tmp_path / "cars", 0, 2, 12)
    assert [path.name for path in cars.incoming] == sorted(cars.labels)
    assert set(cars.labels.values()) <= {kind.name for kind in KINDS}
    with tarfile.open(cars.folder / "cars_train.tgz") as photos:
        known = {_member(photos, name) for name in photos.getnames()}
    assert not known & {path.read_bytes() for path in cars.incoming}


def test_an_interrupted_drawing_is_repeated(tmp_path: Path) -> None:
    """Protects a second run from an incomplete archive."""
    half = tmp_path / "cars.unfinished"
    half.mkdir()
    (half / "cars_train.tgz").write_bytes(b"half")

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        draw_cars(tmp_path / "cars", 0, 1, 0, interrupt)
    assert not (tmp_path / "cars").exists()
    cars = draw_cars(tmp_path / "cars", 0, 1, 1)
    assert json.loads((cars.folder / "incoming_labels.json").read_text()) == cars.labels


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    assert file is not None
    return file.read()


def _decode(content: bytes) -> Image:
    return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR).astype(np.uint8)
