"""Errors of the layout stanford_cars: invalid rows, devkits and photos."""

import re
import struct
import zlib
from pathlib import Path

import pytest

from include.image_classification.container import CommandError
from include.image_classification.dataset.stanford.layout import open_stanford_cars
from include.image_classification.dataset.version.manifest import Quarantined
from tests.include.image_classification.dataset.sample_sources import (
    LABELLED,
    annotations,
    devkit,
    mat,
    meta,
    photo,
    stanford,
    table,
    tgz,
)
from tests.include.image_classification.dataset.stanford.listing import CLASSES, labelled, listed


def test_a_mat_file_that_decompresses_without_end_is_refused(tmp_path: Path) -> None:
    stanford(tmp_path)
    deflater = zlib.compressobj(1)
    part = b"".join(deflater.compress(bytes(1 << 20)) for _ in range(300)) + deflater.flush()
    data = annotations([])[:128] + struct.pack("<II", 15, len(part)) + part
    tgz(tmp_path / "car_devkit.tgz", {"cars_meta.mat": meta(CLASSES), "cars_train_annos.mat": data})
    with pytest.raises(
        CommandError, match=r"cars_train_annos\.mat .*decompresses to more than .* bomb"
    ):
        list(open_stanford_cars(tmp_path, None).entries)


def test_an_archive_among_the_photos_is_named_and_ignored(tmp_path: Path) -> None:
    photos = {"cars_train/1.jpg": photo(1), "cars_train/more.zip": b"x"}
    tgz(tmp_path / "cars_train.tgz", photos)
    devkit(tmp_path, [("1.jpg", 1)], CLASSES)
    source = open_stanford_cars(tmp_path, None)
    assert len(list(source.entries)) == 1
    assert source.left_alone == ["cars_train.tgz/cars_train/more.zip"]


@pytest.mark.parametrize(
    ("row", "path", "reason", "detail"),
    [
        ((1, 1, 9, 9, 0, "a.jpg"), "cars_train/a.jpg", "label-out-of-range", "says class 0"),
        ((1, 1, 9, 9, 3, "a.jpg"), "cars_train/a.jpg", "label-out-of-range", "row 2 says class 3"),
        ((1, 1, 9, 9, "x", "a.jpg"), "cars_train/a.jpg", "missing-label", "no class, but 'x'"),
        ((1, 1, 9, 9, 1, 7), "cars_train/cars_train_annos.mat row 2", "bad-annotation", "but 7"),
        ((1, 1, 9, 9, 1, ""), "cars_train/cars_train_annos.mat row 2", "bad-annotation", "no file"),
        ((1, 1, 9, 9, 1, "../a.jpg"), "cars_train/../a.jpg", "unsafe-member", "is outside"),
        ((1, 1, 9, 9, 1, "/a.jpg"), "cars_train//a.jpg", "unsafe-member", "is outside"),
        ((1, 1, 9, [], 1, "a.jpg"), "cars_train/a.jpg", "bad-box", r"no box, but \[1, 1, 9"),
        ((5, 1, 4, 9, 1, "a.jpg"), "cars_train/a.jpg", "bad-box", r"no box, but \[5, 1, 4"),
        ((1, 5, 9, 4, 1, "a.jpg"), "cars_train/a.jpg", "bad-box", r"no box, but \[1, 5, 9"),
        ((1, 1, 9, float("nan"), 1, "a.jpg"), "cars_train/a.jpg", "bad-box", "nan"),
    ],
)  # fmt: skip
def test_an_invalid_row_is_refused_with_its_reason(
    tmp_path: Path, row: tuple[object, ...], path: str, reason: str, detail: str
) -> None:
    tgz(tmp_path / "cars_train.tgz", {"1.jpg": photo(1), "a.jpg": photo(2)})
    rows = [(1, 1, 40, 24, 1, "1.jpg"), row]
    files = {"cars_meta.mat": meta(CLASSES), "cars_train_annos.mat": table(LABELLED, rows)}
    tgz(tmp_path / "car_devkit.tgz", files)
    entries = list(open_stanford_cars(tmp_path, None).entries)
    refused = [entry for entry in entries if isinstance(entry, Quarantined)]
    assert (refused[-1].path, refused[-1].reason) == (path, reason)
    assert re.search(detail, refused[-1].detail)
    assert len(entries) == (3 if "a.jpg" not in path or "/a.jpg" in path[11:] else 2)


def test_invalid_rows_of_other_classes_are_ignored(tmp_path: Path) -> None:
    labelled(tmp_path, [("1.jpg", 1), ("2.jpg", 2), ("3.jpg", 3), ("3.jpg", 3)], ["1.jpg", "2.jpg"])
    devkit(tmp_path, [("1.jpg", 1), ("2.jpg", 2), ("3.jpg", 3), ("3.jpg", 3)], [*CLASSES, "Kia"])
    assert listed(tmp_path, "2") == [("cars_train/1.jpg", "Audi"), ("cars_train/2.jpg", "BMW")]


def test_a_missing_devkit_is_named_with_the_fix(tmp_path: Path) -> None:
    stanford(tmp_path)
    (tmp_path / "car_devkit.tgz").unlink()
    with pytest.raises(CommandError, match=r"no car_devkit\.tgz .*add a devkit to the"):
        listed(tmp_path)


def test_missing_photos_are_named_with_the_fix(tmp_path: Path) -> None:
    stanford(tmp_path)
    (tmp_path / "cars_train.tgz").unlink()
    with pytest.raises(CommandError, match=r"no cars_train\.tgz .*put cars_train\.tgz next to"):
        listed(tmp_path)


def test_two_devkits_are_ambiguous(tmp_path: Path) -> None:
    stanford(tmp_path)
    tgz(tmp_path / "old_devkit.tgz", {"cars_train_annos.mat": annotations([])})
    message = (
        r"\(car_devkit\.tgz and old_devkit\.tgz\); keep one, or name one with --devkit \(source"
    )
    with pytest.raises(CommandError, match=message):
        listed(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("cars_train_annos.mat", b"<html>Not found</html>", "is not a valid .mat file"),
        ("cars_train_annos.mat", b"", "is not a valid .mat file"),
        ("cars_train_annos.mat", mat({"x": 1}), "has no variable annotations"),
        ("cars_train_annos.mat", mat({"annotations": [1, 2]}), "has no class and no fname"),
        (
            "cars_train_annos.mat",
            table(("class", "fname", "bbox_x1"), [(1, "1.jpg", 1)]),
            "has no bbox_x2 and no bbox_y1 and no bbox_y2",
        ),
        ("cars_train_annos.mat", mat({"annotations": "text"}), "has no class and no fname"),
        ("cars_train_annos.mat", b"\x89HDF\r\n\x1a\n" * 99, "is not a valid .mat file"),
        ("cars_meta.mat", b"x" * 300, "is not a valid .mat file"),
        ("cars_meta.mat", meta(["Audi", "Audi"]), "has a name twice"),
        ("cars_meta.mat", None, "has no cars_meta.mat"),
    ],
)
def test_an_invalid_devkit_is_one_clear_error(
    tmp_path: Path, name: str, content: bytes | None, says: str
) -> None:
    stanford(tmp_path)
    files = {"cars_meta.mat": meta(CLASSES), "cars_train_annos.mat": annotations([("1.jpg", 1)])}
    files |= {name: content} if content is not None else {}
    if content is None:
        del files[name]
    tgz(tmp_path / "car_devkit.tgz", files)
    with pytest.raises(CommandError, match=says) as caught:
        listed(tmp_path)
    assert "\n" not in str(caught.value)
