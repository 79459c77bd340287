"""Write the archives of the Stanford Cars data set: photos and devkit."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import savemat

_FIELDS = ("bbox_x1", "bbox_y1", "bbox_x2", "bbox_y2", "class", "fname")
# scipy's MAT header contains the time of writing; this one does not, to be reproducible.
_HEADER = b"MATLAB 5.0 MAT-file, Platform: any".ljust(116)


@dataclass(frozen=True)
class Annotation:
    """A row of `cars_train_annos.mat`; `label` starts at 0, in the file at 1."""

    file_name: str
    label: int
    box: tuple[int, int, int, int]


def write_photos(archive: Path, folder: str, photos: Iterable[tuple[str, bytes]]) -> None:
    """Write (name, content) pairs below `folder` into a reproducible .tgz."""
    with _reproducible_tgz(archive) as tar:
        for name, content in photos:
            _add(tar, f"{folder}/{name}", content)


def write_devkit(
    archive: Path, class_names: Sequence[str], annotations: Sequence[Annotation]
) -> None:
    """Write `devkit/cars_meta.mat` and `devkit/cars_train_annos.mat` into a .tgz.

    `scipy.io.loadmat(..., squeeze_me=True)` reads them like Stanford's files: structs with
    `bbox_x1, bbox_y1, bbox_x2, bbox_y2, class, fname`, everything 1-based.
    """
    names = np.empty((1, len(class_names)), dtype=object)
    names[0] = class_names
    rows = np.zeros((1, len(annotations)), dtype=[(field, object) for field in _FIELDS])
    for row, annotation in zip(rows[0], annotations, strict=True):
        for field, value in zip(_FIELDS[:4], annotation.box, strict=True):
            row[field] = np.uint16(value)
        row["class"] = np.uint8(annotation.label + 1)
        row["fname"] = annotation.file_name
    with _reproducible_tgz(archive) as tar:
        _add(tar, "devkit/cars_meta.mat", _mat({"class_names": names}))
        _add(tar, "devkit/cars_train_annos.mat", _mat({"annotations": rows}))


def _mat(variables: Mapping[str, Any]) -> bytes:
    buffer = io.BytesIO()
    savemat(buffer, dict(variables))
    return _HEADER + buffer.getvalue()[len(_HEADER) :]


@contextmanager
def _reproducible_tgz(archive: Path) -> Iterator[tarfile.TarFile]:
    """Open a .tgz whose bytes depend on its content only, not on owners or times."""
    with (
        archive.open("wb") as raw,
        gzip.GzipFile("", "wb", compresslevel=6, fileobj=raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar,
    ):
        yield tar


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), 0o644
    tar.addfile(member, io.BytesIO(content))
