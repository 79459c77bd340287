"""Small photos and sources for tests."""

import io
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from scipy.io import savemat


def photo(seed: int, width: int = 40, height: int = 24, suffix: str = ".jpg") -> bytes:
    """Return a small photo of noise, different for every seed."""
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    return bytes(cv2.imencode(suffix, noise)[1].tobytes())


def tgz(path: Path, files: Mapping[str, bytes]) -> Path:
    """Write a .tgz or .tar of these files, in this order."""
    with tarfile.open(path, "w:gz" if path.suffix == ".tgz" else "w") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def mat(variables: Mapping[str, object]) -> bytes:
    """Return a .mat file with these variables."""
    file = io.BytesIO()
    savemat(file, dict(variables))
    return file.getvalue()


BOX = ("bbox_x1", "bbox_y1", "bbox_x2", "bbox_y2")
LABELLED = (*BOX, "class", "fname")


def annotations(rows: Sequence[tuple[str, int]]) -> bytes:
    """Return a cars_train_annos.mat with file names and 1-based classes."""
    return table(LABELLED, [(1, 1, 40, 24, number, name) for name, number in rows])


def table(fields: Sequence[str], rows: Sequence[Sequence[object]], **others: object) -> bytes:
    """Return a .mat file with a table `annotations` of these fields, and other variables."""
    cells = np.zeros((1, len(rows)), dtype=[(name, object) for name in fields])
    for index, row in enumerate(rows):
        cells[0, index] = tuple(row)
    return mat({"annotations": cells, **others})


def single_file(rows: Sequence[tuple[str, int, int]], classes: Sequence[str]) -> bytes:
    """Return a cars_annos.mat with file names, 1-based classes and test flags."""
    fields = ("relative_im_path", *BOX, "class", "test")
    cells = [(f"car_ims/{name}", 3, 2, 20, 10, number, test) for name, number, test in rows]
    return table(fields, cells, class_names=cell_row(classes))


def meta(classes: Sequence[str]) -> bytes:
    """Return a cars_meta.mat with these class names."""
    return mat({"class_names": cell_row(classes)})


def cell_row(texts: Sequence[str]) -> object:
    """Return strings as a MATLAB cell array."""
    cells = np.empty((1, len(texts)), dtype=object)
    cells[0] = texts
    return cells


def devkit(folder: Path, rows: Sequence[tuple[str, int]], classes: Sequence[str]) -> Path:
    """Write a car_devkit.tgz into a folder."""
    files = {
        "devkit/cars_meta.mat": meta(classes),
        "devkit/cars_train_annos.mat": annotations(rows),
    }
    return tgz(folder / "car_devkit.tgz", files)


def stanford(folder: Path, per_class: int = 5, classes: Sequence[str] = ("Audi", "BMW")) -> Path:
    """Write a source in Stanford's layout with `per_class` photos of each class in turn."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"{number:05}.jpg" for number in range(1, per_class * len(classes) + 1)]
    rows = [(name, index % len(classes) + 1) for index, name in enumerate(names)]
    photos = {f"cars_train/{name}": photo(seed) for seed, name in enumerate(names)}
    tgz(folder / "cars_train.tgz", photos)
    devkit(folder, rows, classes)
    return folder


def class_folders(folder: Path, per_class: Mapping[str, int]) -> Path:
    """Write a source of class folders with these numbers of photos."""
    seed = 0
    for name, count in per_class.items():
        (folder / name).mkdir(parents=True)
        for index in range(count):
            seed += 1
            (folder / name / f"{index}.jpg").write_bytes(photo(seed))
    return folder
