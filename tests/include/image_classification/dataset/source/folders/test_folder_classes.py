"""What is a class folder, and which split its photos have: layouts as people have them."""

import pytest

from include.image_classification.dataset.source.folders.folder_classes import classify_folders

ROOT = ""


def found(
    *holding: str, archives: tuple[str, ...] = (), named: tuple[str, ...] = ()
) -> dict[str, str | None]:
    """Return the class of each folder that holds photos."""
    return dict(classify_folders(holding, archives, named).folders)


def splits(*holding: str) -> dict[str, str | None]:
    return dict(classify_folders(holding, (), ()).splits)


def refused(*holding: str) -> dict[str, str]:
    return dict(classify_folders(holding, (), ()).parts)


@pytest.mark.parametrize(
    "folders",
    [
        ["train", "test"],
        ["Training", "Testing"],
        ["train/images", "valid/images", "test/images"],
        ["My Project v1/train", "My Project v1/valid", "My Project v1/test"],
        ["archive/cars_train/cars_train", "archive/cars_test/cars_test"],
        ["cars_train", "cars_test"],
        ["images"],
        ["data/images"],
        ["single_prediction"],
        ["train", "train_masks/images", "test"],
    ],
    ids=" ".join,
)
def test_folders_that_are_parts_of_the_data_are_no_classes(folders: list[str]) -> None:
    """Flat train/*.jpg and test/*.jpg, exports of Roboflow, Kaggle's archive of Stanford Cars."""
    parts = {folder for folder in folders if "masks" not in folder}
    classes = found(*folders)
    assert all(classes[folder] is None for folder in parts)


@pytest.mark.parametrize(
    ("flat", "reason"),
    [
        ("seg_pred", "is named as photos without labels"),
        ("single_prediction", "is named as photos without labels"),
        ("test", "is named after a split"),
        ("seg_test", "is named after a split"),
        ("images", "only says that it holds photos"),
        ("train/images", "is named after a split"),
    ],
)
def test_a_part_beside_class_folders_has_no_class_and_a_reason(flat: str, reason: str) -> None:
    """Kaggle's intel-image (seg_pred) and the cats-and-dogs set (single_prediction)."""
    classes = ["train/cat", "train/dog"]
    assert found(*classes, flat) == {"train/cat": "cat", "train/dog": "dog", flat: None}
    assert found("cat", "dog", flat) == {"cat": "cat", "dog": "dog", flat: None}
    assert refused("cat", "dog", flat) == {flat: reason}


@pytest.mark.parametrize(
    ("holding", "expected"),
    [
        (["cat/indoor", "cat/outdoor", "dog/indoor", "dog/outdoor"], ["cat", "cat", "dog", "dog"]),
        (["cat/indoor", "dog/indoor"], ["cat", "dog"]),
        (["cat/indoor", "dog"], ["cat", "dog"]),
        (["cat", "cat/indoor", "dog", "dog/more/indoor"], ["cat", "cat", "dog", "dog"]),
        (["train/cat/indoor", "train/dog/indoor", "test/cat"], ["cat", "dog", "cat"]),
        (["cat/images", "dog/images"], ["cat", "dog"]),
        (["cat/train", "cat/test", "dog/train", "dog/test"], ["cat", "cat", "dog", "dog"]),
        (["cat/cat", "dog/dog"], ["cat", "dog"]),
    ],
    ids=str,
)
def test_folders_within_class_folders_belong_to_the_class(
    holding: list[str], expected: list[str]
) -> None:
    assert list(found(*holding).values()) == expected


@pytest.mark.parametrize(
    ("holding", "expected"),
    [
        (["audi/a4", "audi/a5", "bmw/m3"], ["a4", "a5", "m3"]),
        (["part1/cat", "part1/dog", "part2/cat", "part2/dog"], ["cat", "dog", "cat", "dog"]),
        (["2023/cat", "2023/dog", "2024/cat", "2024/dog"], ["cat", "dog", "cat", "dog"]),
        (["x/a/cat", "x/a/dog"], ["cat", "dog"]),
        (["cat", "dog", "more/cat"], ["cat", "dog", "cat"]),
        (
            [f"{style}/{name}" for style in ("photo", "art") for name in ("dog", "horse", "house")],
            ["dog", "horse", "house"] * 2,
        ),
    ],
    ids=str,
)
def test_folders_around_class_folders_are_no_classes(
    holding: list[str], expected: list[str]
) -> None:
    assert list(found(*holding).values()) == expected


def test_a_class_name_with_a_slash_that_became_two_folders_is_whole() -> None:
    cut = "Ram C/V Cargo Van Minivan 2012"
    classes = found(f"train/{cut}", "train/Audi A5 2012", f"test/{cut}", "test/Audi A5 2012")
    assert set(classes.values()) == {cut, "Audi A5 2012"}
    assert classes[f"test/{cut}"] == cut


def test_a_folder_in_one_of_its_own_name_counts_once() -> None:
    holding = [f"car_data/car_data/{part}/{name}" for part in ("train", "test") for name in "AB"]
    assert list(found(*holding).values()) == ["A", "B", "A", "B"]
    assert found("seg_train/seg_train/cat", "seg_train/seg_train/dog", "seg_pred/seg_pred") == {
        "seg_train/seg_train/cat": "cat",
        "seg_train/seg_train/dog": "dog",
        "seg_pred/seg_pred": None,
    }


def test_a_class_may_be_called_train_or_valid() -> None:
    """Classes of vehicles; documents that are valid or invalid."""
    assert found("bus", "train") == {"bus": "bus", "train": "train"}
    assert found("invalid", "valid") == {"invalid": "invalid", "valid": "valid"}
    assert found("bus", "freight_train") == {"bus": "bus", "freight_train": "freight_train"}
    in_splits = [f"{part}/{name}" for part in ("train", "test") for name in ("bus", "train")]
    assert list(found(*in_splits).values()) == ["bus", "train"] * 2
    assert splits(*in_splits) == {
        "train/bus": None, "train/train": None, "test/bus": "test", "test/train": "test",
    }  # fmt: skip


def test_the_selection_makes_any_folder_a_class() -> None:
    """The fix that the message of a refused folder names."""
    assert found("cat", "test") == {"cat": "cat", "test": None}
    assert found("cat", "test", named=("cat", "test")) == {"cat": "cat", "test": "test"}


def test_an_archive_beside_class_folders_holds_class_folders() -> None:
    classes = found("pets/cat", "pets/dog", "bird", archives=("pets",))
    assert classes == {"pets/cat": "cat", "pets/dog": "dog", "bird": "bird"}


@pytest.mark.parametrize(
    ("held", "split"),
    [
        ("Testing", "test"), ("seg_test", "test"), ("Test Set", "test"), ("tst", "test"),
        ("Validation", "validation"), ("dev", "validation"), ("eval", "validation"),
        ("valid", "validation"), ("my_val_2", "validation"),
    ],
)  # fmt: skip
def test_a_folder_around_class_folders_may_name_the_split(held: str, split: str) -> None:
    """Medical sets have Training/ and Testing/; their test photos must not train."""
    holding = ["Training/a", "Training/b", f"{held}/a", f"{held}/b"]
    assert list(found(*holding).values()) == ["a", "b", "a", "b"]
    assert list(splits(*holding).values()) == [None, None, split, split]


def test_the_split_may_be_inside_the_class_folder() -> None:
    assert splits("cat/train", "cat/test", "dog/train") == {
        "cat/train": None, "cat/test": "test", "dog/train": None,
    }  # fmt: skip


@pytest.mark.parametrize("other", ["Cat", "cat ", "CAT", " cat"])
def test_classes_that_differ_in_case_or_spaces_are_reported(other: str) -> None:
    notes = classify_folders(["cat", other, "dog"], (), ()).notes
    assert any("'cat'" in note and "differ only in case or spaces" in note for note in notes)
    assert not classify_folders(["cat", "dog"], (), ()).notes


def test_folders_inside_class_folders_are_reported() -> None:
    notes = classify_folders(["cat/indoor", "dog/indoor"], (), ()).notes
    assert notes == [
        "2 folders are inside class folders and belong to them, for example cat/indoor; if they are"
        " the classes, remove the folders around them"
    ]
