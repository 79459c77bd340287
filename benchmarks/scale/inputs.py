"""Inputs of the measured commands: sources, versions and predictions of any number."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.scale.photos import SIDE, draw_photo
from include.contracts.dataset import Split
from include.contracts.label_files import label_lines
from include.contracts.records import LabelRecord
from include.image_classification.dataset.version.manifest import (
    Image,
    Version,
    image_key,
    write_json,
    write_version,
)

CLASSES = 100
LABELLED_PHOTOS = 1_000
"""The photos of the source in the measurement of labels."""
LABELS_OF_A_FILE = 10_000
PREDICTIONS = 300
"""The number of different prediction files; all others are links to them."""


def class_name(number: int) -> str:
    """Return the name of a class."""
    return f"class_{number:03d}"


def write_source(folder: Path, images: int, first: int = 0) -> None:
    """Write a source of class folders as one tar archive, the numbers from `first` on."""
    folder.mkdir(parents=True)
    with tarfile.open(folder / "photos.tar", "w", format=tarfile.USTAR_FORMAT) as tar:
        for number in range(first, first + images):
            data = draw_photo(number)
            info = tarfile.TarInfo(f"photos/{class_name(number % CLASSES)}/{number:07d}.jpg")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def write_labels(folder: Path, lines: int) -> None:
    """Write labels of seven users, who sometimes disagree, as files of ten thousand lines."""
    folder.mkdir(parents=True)
    for first in range(0, lines, LABELS_OF_A_FILE):
        numbers = range(first, min(first + LABELS_OF_A_FILE, lines))
        records = (_label(number) for number in numbers)
        (folder / f"{first:07d}.jsonl").write_bytes(label_lines(records))


def _label(number: int) -> LabelRecord:
    photo = (
        hashlib.sha256(draw_photo(number)).hexdigest()
        if number < LABELLED_PHOTOS
        else _hash(number // 2)
    )
    return LabelRecord(
        sha256=photo,
        class_name=class_name(number % (CLASSES + 1)),
        who=f"user {number % 7}",
        when=f"2026-11-{1 + number % 28:02d}T08:00:00+00:00",
    )


def write_converted_version(folder: Path, store: Path, images: int) -> None:
    """Write a dataset version for training and validation, and its images into `store`."""
    for prefix in range(256):
        (store / f"{prefix:02x}").mkdir(parents=True)
    _write_version(folder, _stored_images(store, images))


def _stored_images(store: Path, count: int) -> Iterator[Image]:
    for number in range(count):
        data = draw_photo(number)
        split: Split = "train" if number % 10 else "validation"
        image = _image(number, hashlib.sha256(data).hexdigest(), split)
        with open(f"{store}/{image.key}", "wb") as file:
            file.write(data)
        yield image


def write_test_version(folder: Path, images: int) -> None:
    """Write a dataset version whose images are all in the test split; the images do not exist."""
    _write_version(folder, (_image(number, _hash(number), "test") for number in range(images)))


def _write_version(folder: Path, images: Iterator[Image]) -> None:
    version = Version(list(images), [class_name(number) for number in range(CLASSES)])
    write_version(folder, version, [], [])
    write_json(folder / "dataset.json", {"version": version.name})


def _image(number: int, sha256: str, split: Split) -> Image:
    return Image(
        path=f"photos/{number:07d}.jpg",
        sha256=sha256,
        size=1000,
        width=SIDE,
        height=SIDE,
        label=number % CLASSES,
        split=split,
        key=image_key(sha256, "jpg"),
    )


def write_predictions(folder: Path, images: int) -> None:
    """Write a batch transform's output for the images of `write_test_version`."""
    folder.mkdir(parents=True)
    originals = _predictions(folder.parent / "originals")
    for prefix in range(256):
        (folder / f"{prefix:02x}").mkdir()
    for number in range(images):
        key = image_key(_hash(number), "jpg")
        os.link(originals[number % PREDICTIONS], f"{folder}/{key}.out")


def write_plan(folder: Path, images: int) -> None:
    """Write the plan of a batch of these images."""
    folder.mkdir(parents=True)
    tags = {image_key(_hash(number), "jpg"): _hash(number)[:32] for number in range(images)}
    write_json(folder / "plan.json", {"batch": "scale", "images": tags})


def _predictions(folder: Path) -> list[Path]:
    folder.mkdir(parents=True)
    random = np.random.default_rng(0)
    paths = []
    for number in range(PREDICTIONS):
        values = random.dirichlet(np.full(CLASSES, 0.1))
        paths.append(folder / f"{number}.out")
        answer = {"prediction": [round(float(value), 8) for value in values]}
        paths[-1].write_text(json.dumps(answer))
    return paths


def _hash(number: int) -> str:
    return hashlib.sha256(b"%d" % number).hexdigest()
