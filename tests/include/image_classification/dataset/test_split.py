"""The split rule, as properties over any classes, ratios and histories."""

import hashlib
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.image_classification.container import ProgramError
from include.image_classification.dataset.split import SplitRatio, assign_splits

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
def test_the_same_images_are_split_alike_in_any_order(labels, ratio, random) -> None:  # type: ignore[no-untyped-def]
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
def test_images_keep_their_split_when_others_come_and_go(
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
    with pytest.raises(ProgramError, match="--train-ratio"):
        SplitRatio(train, validation)
