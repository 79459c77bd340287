"""Splits in the names of folders, archives and lists."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.contracts.dataset import Split
from include.image_classification.dataset.source.split_names import (
    FILLERS,
    SPLIT_WORDS,
    held_out,
    known_words,
    names_only_a_split,
    split_in_name,
    split_in_path,
)
from tests.conftest import ROOT


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train", "train"), ("Training", "train"), ("TRAIN", "train"), ("seg_train", "train"),
        ("cars_train", "train"), ("merch-train", "train"), ("x_train_0", "train"),
        ("train2017", "train"), ("trainset", "train"), ("Train_Images", "train"),
        ("train-00000-of-00001", "train"), ("trainval", "train"), ("train_val", "train"),
        ("Pets.VAL", "validation"), ("valid", "validation"), ("Validation Set", "validation"),
        ("dev", "validation"), ("eval", "validation"), ("x_validation", "validation"),
        ("Testing", "test"), ("TestImages", "test"), ("seg_test", "test"), ("tst", "test"),
        ("test_set", "test"), ("test1", "test"), ("testing_data", "test"), ("holdout", "test"),
        ("cars_test (1)", "test"), ("Test-Photos", "test"),
    ],
)  # fmt: skip
def test_a_split_is_a_word_within_a_name(name: str, split: str) -> None:
    assert split_in_name(name) == split


@pytest.mark.parametrize(
    "name",
    [
        "", "pets", "mytest", "contest", "latest", "trains", "developer", "valley", "éval",
        "train_station", "test_of_pets", "test_tube", "train_test", "single_prediction", "2017",
    ],
)  # fmt: skip
def test_other_names_name_no_split(name: str) -> None:
    assert split_in_name(name) is None


@given(
    st.sampled_from(sorted(SPLIT_WORDS)),
    st.sampled_from([str.lower, str.upper, str.title]),
    st.sampled_from(["", "seg_", "my-cars.", "2024 "]),
    st.sampled_from(["", " (1)", "_2", *(f"_{filler}" for filler in sorted(FILLERS))]),
)
def test_every_word_is_found_in_any_case_and_place(
    word: str, case: object, before: str, after: str
) -> None:
    assert callable(case)
    assert split_in_name(f"{before}{case(word)}{after}") == SPLIT_WORDS[word]


def test_the_outermost_folder_that_names_a_split_counts() -> None:
    assert split_in_path(["archive", "seg_test", "train", "cat"]) == "test"
    assert split_in_path(["archive", "cat"]) is None


def test_training_photos_may_still_be_held_out() -> None:
    assert [held_out(split) for split in ("train", "validation", "test", None)] == [
        None, "validation", "test", None,
    ]  # fmt: skip


def test_a_name_may_say_more_than_a_split() -> None:
    assert names_only_a_split("Test Images 2")
    assert not names_only_a_split("cars_test")
    assert not names_only_a_split("images")


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_the_documentation_lists_every_word(split: Split) -> None:
    text = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
    assert f"| {split} | {known_words(split)} |" in text
