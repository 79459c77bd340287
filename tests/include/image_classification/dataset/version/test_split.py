"""Properties of the split for any classes, ratios and earlier versions."""

import hashlib
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.image_classification.container import CommandError
from include.image_classification.dataset.version.split import SplitRatio, assign_splits

RATIOS = st.builds(
    SplitRatio,
    train=st.sampled_from([0.1, 0.5, 0.6, 0.8]),
    validation=st.sampled_from([0.05, 0.1, 0.19]),
)
LABELS = st.dictionaries(
    st.integers(0, 10**6).map(lambda number: hashlib.sha256(str(number).encode()).hexdigest()),
    st.integers(0, 4),
    max_size=60,
)


@given(LABELS, RATIOS, st.randoms())
def test_the_split_does_not_depend_on_the_order(labels, ratio, random) -> None:  # type: ignore[no-untyped-def]
    items = list(labels.items())
    random.shuffle(items)
    assert assign_splits(dict(items), {}, ratio) == assign_splits(labels, {}, ratio)


@given(LABELS, RATIOS)
def test_every_class_of_three_is_in_every_split(labels: dict[str, int], ratio: SplitRatio) -> None:
    splits = assign_splits(labels, {}, ratio)
    assert splits.keys() == labels.keys()
    for label, size in Counter(labels.values()).items():
        present = {splits[sha256] for sha256 in labels if labels[sha256] == label}
        expected = {1: {"train"}, 2: {"train", "test"}}.get(size, {"train", "validation", "test"})
        assert present == expected


@given(LABELS, LABELS, RATIOS)
def test_images_keep_their_split_when_others_are_added_or_removed(
    first: dict[str, int], second: dict[str, int], ratio: SplitRatio
) -> None:
    earlier = assign_splits(first, {}, ratio)
    both = second | first
    later = assign_splits(both, earlier, ratio)
    assert {sha256: later[sha256] for sha256 in first} == earlier
    assert assign_splits(both, later, ratio) == later


@given(LABELS, LABELS, RATIOS)
def test_a_class_that_grows_to_three_reaches_every_split(
    first: dict[str, int], second: dict[str, int], ratio: SplitRatio
) -> None:
    both = second | first
    later = assign_splits(both, assign_splits(first, {}, ratio), ratio)
    for label, size in Counter(both.values()).items():
        if size >= 3:
            present = {later[sha256] for sha256 in both if both[sha256] == label}
            assert present == {"train", "validation", "test"}


@given(st.integers(3, 5000))
def test_the_shares_are_kept_within_one_image(images: int) -> None:
    sizes = SplitRatio(0.8, 0.1).sizes(images)
    assert sum(sizes.values()) == images
    assert abs(sizes["validation"] - images * 0.1) <= 1
    assert abs(sizes["test"] - images * 0.1) <= 1


@pytest.mark.parametrize(("train", "validation"), [(0.9, 0.1), (0.0, 0.5), (0.8, 0.0), (1.0, 0.5)])
def test_a_ratio_that_leaves_a_split_empty_is_refused(train: float, validation: float) -> None:
    with pytest.raises(CommandError, match="--train-ratio"):
        SplitRatio(train, validation)


HASHES = st.integers(0, 10**6).map(lambda number: hashlib.sha256(str(number).encode()).hexdigest())
OWN = st.dictionaries(HASHES, st.sampled_from(["train", "validation", "test"]), max_size=40)
ORDER = ["test", "validation", "train"]


@given(LABELS, OWN, RATIOS)
def test_the_sources_own_split_is_kept_and_the_rest_is_divided(labels, own, ratio) -> None:  # type: ignore[no-untyped-def]
    """A class has all three splits if it has enough photos."""
    labels = labels | {name: int(name, 16) % 3 for name in own}
    splits = assign_splits(labels, {}, ratio, own)
    assert splits.keys() == labels.keys()
    held_out = {name: split for name, split in own.items() if split != "train"}
    assert {name: splits[name] for name in held_out} == held_out
    for label in set(labels.values()):
        members = [name for name in labels if labels[name] == label]
        source_splits = {held_out[name] for name in members if name in held_out}
        rest = [name for name in members if name not in held_out]
        assert not source_splits & {splits[name] for name in rest}
        if len(rest) >= 3 - len(source_splits):
            assert {splits[name] for name in members} == {"train", "validation", "test"}


@given(LABELS, LABELS, OWN, OWN, RATIOS)
def test_a_training_photo_is_never_tested_whatever_the_source_assigns(  # type: ignore[no-untyped-def]
    first, second, own, later_own, ratio
) -> None:
    earlier = assign_splits(first, {}, ratio, own)
    both = second | first
    later = assign_splits(both, earlier, ratio, later_own)
    for name, split in earlier.items():
        assert ORDER.index(later[name]) >= ORDER.index(split)
        if name not in later_own or own.get(name) == later_own[name]:
            assert later[name] == split
    assert assign_splits(both, later, ratio, later_own) == later


@given(st.integers(1, 500))
def test_the_sources_test_set_keeps_the_ratio_of_training_and_validation(
    images: int,
) -> None:
    ratio = SplitRatio(0.8, 0.1)
    sizes = ratio.sizes(images, {"test"})
    assert sizes["test"] == 0
    assert abs(sizes["validation"] - images / 9) <= 1
    assert ratio.sizes(images, {"test", "validation"})["train"] == images
    assert ratio.sizes(images, {"validation"})["validation"] == 0
