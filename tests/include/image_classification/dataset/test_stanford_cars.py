"""Stanford's layout: which files are read, and what the devkit's rows make of the photos."""

from pathlib import Path

import pytest

from include.image_classification.container import ProgramError
from include.image_classification.dataset.manifest import Quarantined
from include.image_classification.dataset.stanford_cars import open_stanford_cars
from tests.include.image_classification.dataset.making import (
    annotations,
    devkit,
    mat,
    meta,
    photo,
    stanford,
    tgz,
)

CLASSES = ["Audi", "BMW"]


def listed(folder: Path, wanted: str | None = None) -> list[tuple[str, str]]:
    """What a source lists, sorted: each path's class, or why it is refused."""
    source = open_stanford_cars(folder, wanted)
    return sorted(
        (
            entry.path,
            entry.reason if isinstance(entry, Quarantined) else source.classes[entry.label],
        )
        for entry in source.entries
    )


def labelled(folder: Path, rows: list[tuple[str, int]], photos: list[str]) -> Path:
    tgz(
        folder / "cars_train.tgz", {f"cars_train/{name}": photo(i) for i, name in enumerate(photos)}
    )
    devkit(folder, rows, CLASSES)
    return folder


def test_numbers_from_one_become_labels_from_zero(tmp_path: Path) -> None:
    rows = [("1.jpg", 1), ("2.jpg", 2)]
    expected = [("cars_train/1.jpg", "Audi"), ("cars_train/2.jpg", "BMW")]
    assert listed(labelled(tmp_path, rows, ["1.jpg", "2.jpg"])) == expected


def test_one_row_is_read_too(tmp_path: Path) -> None:
    """The reader squeezes an array of one row into a scalar."""
    assert listed(labelled(tmp_path, [("1.jpg", 2)], ["1.jpg"])) == [("cars_train/1.jpg", "BMW")]


def test_rows_and_photos_that_do_not_match_are_listed_with_the_reason(tmp_path: Path) -> None:
    rows = [
        ("1.jpg", 1), ("2.jpg", 3), ("3.jpg", 0), ("4.jpg", 1), ("4.jpg", 2), ("5.jpg", 2),
        ("5.jpg", 2), ("6.jpg", 1),
    ]  # fmt: skip
    photos = ["1.jpg", "2.jpg", "3.jpg", "4.jpg", "5.jpg", "7.jpg", "notes.txt"]
    assert listed(labelled(tmp_path, rows, photos)) == [
        ("cars_train/1.jpg", "Audi"),
        ("cars_train/2.jpg", "label-out-of-range"),
        ("cars_train/3.jpg", "label-out-of-range"),
        ("cars_train/4.jpg", "conflicting-labels"),
        ("cars_train/4.jpg", "conflicting-labels"),
        ("cars_train/5.jpg", "BMW"),
        ("cars_train/5.jpg", "listed-twice"),
        ("cars_train/6.jpg", "missing-file"),
        ("cars_train/7.jpg", "unlisted-file"),
    ]


def test_photos_and_devkit_may_be_folders(tmp_path: Path) -> None:
    (tmp_path / "cars_train").mkdir()
    (tmp_path / "cars_train" / "1.jpg").write_bytes(photo(1))
    (tmp_path / "devkit").mkdir()
    (tmp_path / "devkit" / "cars_meta.mat").write_bytes(meta(CLASSES))
    (tmp_path / "devkit" / "cars_train_annos.mat").write_bytes(annotations([("1.jpg", 1)]))
    assert listed(tmp_path) == [("cars_train/1.jpg", "Audi")]
    assert open_stanford_cars(tmp_path, None).files == ["cars_train/", "devkit/"]


def test_an_archive_packed_without_its_folder_is_read(tmp_path: Path) -> None:
    tgz(tmp_path / "cars_train.tgz", {"./1.jpg": photo(1)})
    devkit(tmp_path, [("1.jpg", 1)], CLASSES)
    assert listed(tmp_path) == [("cars_train/1.jpg", "Audi")]


def test_other_archives_and_a_second_devkit_are_left_alone(tmp_path: Path) -> None:
    """A devkit in a folder may fit other photos than those beside it."""
    stanford(tmp_path)
    tgz(tmp_path / "cars_fullres.tgz", {"cars_fullres/00001.jpg": photo(1)})
    (tmp_path / "original_devkit").mkdir()
    (tmp_path / "original_devkit" / "cars_train_annos.mat").write_bytes(annotations([]))
    source = open_stanford_cars(tmp_path, None)
    assert source.files == ["cars_train.tgz", "car_devkit.tgz"]
    assert source.left_alone == ["cars_fullres.tgz", "original_devkit/"]
    assert len(list(source.entries)) == 10


def test_a_choice_of_classes_leaves_out_the_others_photos(tmp_path: Path) -> None:
    stanford(tmp_path, per_class=2, classes=("Audi", "BMW", "Chevrolet"))
    assert {label for _, label in listed(tmp_path, "1,3")} == {"Audi", "Chevrolet"}
    assert len(listed(tmp_path, "1,3")) == 4


def test_a_missing_devkit_is_named_with_the_fix(tmp_path: Path) -> None:
    stanford(tmp_path)
    (tmp_path / "car_devkit.tgz").unlink()
    with pytest.raises(ProgramError, match=r"no car_devkit\.tgz .*put one beside them"):
        listed(tmp_path)


def test_missing_photos_are_named_with_the_fix(tmp_path: Path) -> None:
    stanford(tmp_path)
    (tmp_path / "cars_train.tgz").unlink()
    with pytest.raises(ProgramError, match=r"no cars_train\.tgz .*put cars_train\.tgz beside"):
        listed(tmp_path)


def test_two_devkits_are_one_too_many(tmp_path: Path) -> None:
    stanford(tmp_path)
    tgz(tmp_path / "old_devkit.tgz", {})
    with pytest.raises(ProgramError, match=r"car_devkit\.tgz and old_devkit\.tgz.*keep one"):
        listed(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("cars_train_annos.mat", b"<html>Not found</html>", "is not a .mat file"),
        ("cars_train_annos.mat", b"", "is not a .mat file"),
        ("cars_train_annos.mat", mat({"x": 1}), "has no variable annotations"),
        ("cars_train_annos.mat", mat({"annotations": [1, 2]}), "has no class and no fname"),
        ("cars_meta.mat", b"x" * 300, "is not a .mat file"),
        ("cars_meta.mat", meta(["Audi", "Audi"]), "names a class twice"),
        ("cars_meta.mat", None, "has no cars_meta.mat"),
    ],
)
def test_a_devkit_that_is_not_one_is_one_clear_error(
    tmp_path: Path, name: str, content: bytes | None, says: str
) -> None:
    stanford(tmp_path)
    files = {"cars_meta.mat": meta(CLASSES), "cars_train_annos.mat": annotations([("1.jpg", 1)])}
    files |= {name: content} if content is not None else {}
    if content is None:
        del files[name]
    tgz(tmp_path / "car_devkit.tgz", files)
    with pytest.raises(ProgramError, match=says) as caught:
        listed(tmp_path)
    assert "\n" not in str(caught.value)
