"""The files of a dataset version of any number of images, as the command `refresh` writes them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from include.contracts import files
from include.contracts.dataset import CONVERTED, EVALUATED
from include.contracts.records.samples import SampleCollector

DATASET = "0123456789abcdef"
SIZE = 1000
"""Bytes of an image."""

LABELS = 100
TEST_SHARE = VALIDATION_SHARE = 10


def key_of(number: int) -> str:
    """Return the key of an image below the folder of images."""
    sha256 = hashlib.sha256(b"%d" % number).hexdigest()
    return f"{sha256[:2]}/{sha256}.jpg"


def split_of(number: int) -> str:
    """Return an image's split: eight of ten are for training."""
    return {0: "test", 1: "validation"}.get(number % TEST_SHARE, "train")


def write_version(folder: Path, images: int, images_uri: str) -> None:
    """Write manifest, samples, S3 manifests and dataset.json, image by image."""
    samples = SampleCollector()
    with (folder / files.MANIFEST).open("w") as manifest:
        for row in _rows(images):
            samples.add(row["split"], row["key"], row["size"], row["label"])
            manifest.write(json.dumps(row, separators=(",", ":"), sort_keys=True) + "\n")
    (folder / files.SAMPLES).write_text(json.dumps(samples.samples().as_json()))
    (folder / files.DATASET).write_text(json.dumps(report(images)))
    _write_manifest(folder / files.CONVERSION_MANIFEST, images, CONVERTED, images_uri)
    for split in EVALUATED:
        name = files.SPLIT_MANIFEST.format(split=split)
        _write_manifest(folder / name, images, (split,), images_uri)


def report(images: int) -> dict[str, Any]:
    """Return dataset.json."""
    counts = {"images": images, "classes": LABELS}
    return {"version": DATASET, "created": "2026-01-01T00:00:00+00:00", "counts": counts}


def _rows(images: int) -> Iterator[dict[str, Any]]:
    for number in range(images):
        key = key_of(number)
        yield {
            "path": f"photos/{number:08}.jpg",
            "sha256": key[3:-4],
            "size": SIZE,
            "width": 32,
            "height": 32,
            "label": number // TEST_SHARE % LABELS,
            "split": split_of(number),
            "key": key,
        }


def _write_manifest(path: Path, images: int, splits: tuple[str, ...], images_uri: str) -> None:
    with path.open("w") as file:
        file.write(json.dumps([{"prefix": images_uri}])[:-1])
        for number in range(images):
            if split_of(number) in splits:
                file.write(f",\n{json.dumps(key_of(number))}")
        file.write("]\n")
