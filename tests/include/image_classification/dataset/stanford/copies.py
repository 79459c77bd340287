"""Copies of Stanford Cars as people get them, small: all classes, two photos of each."""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

from tests.include.image_classification.dataset.parquet.files import IMAGE, card, parquet
from tests.include.image_classification.dataset.sample_sources import (
    annotations,
    meta,
    photo,
    single_file,
    tgz,
)

CUT_NAME = "Ram C/V Cargo Van Minivan 2012"
CLASSES = sorted([CUT_NAME, *(f"Make{number:03} Model Sedan 2012" for number in range(195))])
"""As many as Stanford's; one contains a slash."""

TRAIN = {f"{number + 1:05}.jpg": number for number in range(len(CLASSES))}
TEST = {f"{number + 1:05}.jpg": 195 - number for number in range(len(CLASSES))}
"""The class of each photo; the sets use the same file names."""

TEST_LABELS = "cars_test_annos_withlabels.mat"


@cache
def train_photos() -> Mapping[str, bytes]:
    return {name: photo(seed, 16, 16) for seed, name in enumerate(TRAIN)}


@cache
def test_photos() -> Mapping[str, bytes]:
    return {name: photo(1000 + seed, 16, 16) for seed, name in enumerate(TEST)}


@cache
def kit() -> Mapping[str, bytes]:
    return {"cars_meta.mat": meta(CLASSES), "cars_train_annos.mat": _labels(TRAIN)}


def _labels(numbers: Mapping[str, int]) -> bytes:
    return annotations([(name, number + 1) for name, number in numbers.items()])


def _below(folder: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {f"{folder}/{name}": data for name, data in files.items()}


def _devkit(folder: Path) -> None:
    tgz(folder / "car_devkit.tgz", _below("devkit", kit()))


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return a zip of these files."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


def _unpacked(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def original(folder: Path) -> None:
    """Write the four files of the original server."""
    tgz(folder / "cars_train.tgz", _below("cars_train", train_photos()))
    tgz(folder / "cars_test.tgz", _below("cars_test", test_photos()))
    _devkit(folder)
    (folder / TEST_LABELS).write_bytes(_labels(TEST))


def kaggle_archive() -> bytes:
    """Return Kaggle's archive.zip: doubled folders, and labels of photos with other names."""
    rows = [(f"{number + 1:06}.jpg", number + 1, 0) for number in range(len(CLASSES))]
    return zipped(
        {"cars_annos.mat": single_file(rows, CLASSES)}
        | _below("cars_test/cars_test", test_photos())
        | _below("cars_train/cars_train", train_photos())
    )


def kaggle(folder: Path, name: str = "archive.zip") -> None:
    """Write Kaggle's archive beside the devkit, and the test labels as a second download."""
    (folder / name).write_bytes(kaggle_archive())
    _devkit(folder)
    (folder / "cars_test_annos_withlabels (1).mat").write_bytes(_labels(TEST))


def kaggle_with_devkit(folder: Path) -> None:
    """Write an archive that holds photos and labels."""
    files = _below("car_devkit/devkit", kit()) | {TEST_LABELS: _labels(TEST)}
    photos = _below("cars_train/cars_train", train_photos())
    photos |= _below("cars_test/cars_test", test_photos())
    (folder / "archive (1).zip").write_bytes(zipped(photos | files))


def kaggle_download(folder: Path) -> None:
    """Write the archive as a download from Kaggle's API is stored: without a suffix."""
    kaggle(folder, "stanford-cars-dataset")


def fastai(folder: Path) -> None:
    """Write fastai's archive of both photo folders beside the devkit."""
    photos = _below("stanford-cars/cars_test", test_photos())
    photos |= _below("stanford-cars/cars_train", train_photos())
    tgz(folder / "stanford-cars.tgz", photos)
    _devkit(folder)
    (folder / TEST_LABELS).write_bytes(_labels(TEST))


def torchvision(folder: Path) -> None:
    """Write the folders that torchvision reads."""
    top = folder / "stanford_cars"
    _unpacked(top, _below("cars_train", train_photos()) | _below("cars_test", test_photos()))
    _unpacked(top, _below("devkit", kit()) | {"devkit/README.txt": b"", TEST_LABELS: _labels(TEST)})


def by_classes(folder: Path) -> None:
    """Write an archive of class folders for training and test."""
    (folder / "archive.zip").write_bytes(zipped(_class_folders()))


def by_classes_with_labels(folder: Path) -> None:
    """Write Kaggle's archive of class folders, with its CSV files of boxes and class names."""
    rows = {
        f"anno_{part}.csv": "".join(
            f"{name},1,1,16,16,{number + 1}\n" for name, number in numbers.items()
        ).encode()
        for part, numbers in (("train", TRAIN), ("test", TEST))
    }
    names = {"names.csv": "".join(f"{name}\n" for name in CLASSES).encode()}
    (folder / "archive.zip").write_bytes(zipped(_class_folders() | rows | names))


def _class_folders() -> dict[str, bytes]:
    return {
        f"car_data/car_data/{part}/{CLASSES[numbers[name]]}/{name}": photos[name]
        for part, numbers, photos in (
            ("train", TRAIN, train_photos()), ("test", TEST, test_photos()),
        )
        for name in numbers
    }  # fmt: skip


def hugging_face(folder: Path) -> None:
    """Write Hugging Face's Parquet files, with the class names in their metadata."""
    _shards(folder, CLASSES)


def hugging_face_card(folder: Path) -> None:
    """Write Parquet files of another library beside the dataset's card, which has the names."""
    _shards(folder, None)
    (folder / "README.md").write_text(card(CLASSES))


def _shards(folder: Path, names: Sequence[str] | None) -> None:
    for part, numbers, photos in (
        ("train", TRAIN, train_photos()), ("test", TEST, test_photos()),
    ):  # fmt: skip
        rows = [({"bytes": photos[name], "path": name}, number) for name, number in numbers.items()]
        file = folder / "data" / f"{part}-00000-of-00001.parquet"
        parquet(file, {"image": IMAGE, "label": "BIGINT"}, rows, names)


COPIES: dict[str, Callable[[Path], None]] = {
    "original": original,
    "kaggle": kaggle,
    "kaggle_with_devkit": kaggle_with_devkit,
    "kaggle_download": kaggle_download,
    "fastai": fastai,
    "torchvision": torchvision,
    "by_classes": by_classes,
    "by_classes_with_labels": by_classes_with_labels,
    "hugging_face": hugging_face,
    "hugging_face_card": hugging_face_card,
}
