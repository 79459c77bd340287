"""Similar hashes: the same as by comparing every pair, with few comparisons."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.image_classification.dataset.version import similar_hashes
from include.image_classification.dataset.version.similar_hashes import closest_pairs

# A few bits of a few bases: many equal and similar hashes.
HASHES = st.lists(
    st.builds(
        lambda base, bits: base ^ sum(1 << bit for bit in bits),
        st.sampled_from([0x0F1E2D3C4B5A6978, 0, 2**64 - 1]),
        st.sets(st.integers(0, 63), max_size=5),
    ),
    max_size=20,
)


def compare_all(
    ones: list[int], others: list[int], distance: int, most: int
) -> list[tuple[int, int, int]]:
    rows = []
    for one, number in enumerate(ones):
        near = sorted(
            ((number ^ candidate).bit_count(), other) for other, candidate in enumerate(others)
        )
        rows += [(one, other, bits) for bits, other in near if bits <= distance][:most]
    return rows


def found(ones: list[int], others: list[int], distance: int, most: int) -> list[tuple[int, ...]]:
    pairs = closest_pairs(
        np.array(ones, np.uint64), np.array(others, np.uint64), distance=distance, most=most
    )
    by_closeness = sorted(pairs.tolist(), key=lambda row: (row[0], row[2], row[1]))
    return [tuple(row) for row in by_closeness]


@given(HASHES, HASHES, st.integers(0, 8), st.integers(1, 4), st.sampled_from([1, 3, 1000]))
@settings(deadline=None)
def test_the_closest_pairs_are_those_of_a_complete_comparison(
    ones: list[int], others: list[int], distance: int, most: int, block: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(similar_hashes, "PAIRS_AT_ONCE", block)
        assert found(ones, others, distance, most) == compare_all(ones, others, distance, most)


def test_few_of_all_pairs_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = 0
    count = similar_hashes._count_bits

    def count_compared(numbers: similar_hashes.Hashes) -> similar_hashes.Positions:
        nonlocal compared
        compared += len(numbers)
        return count(numbers)

    monkeypatch.setattr(similar_hashes, "_count_bits", count_compared)
    random = np.random.default_rng(0)
    tests, others = (random.integers(0, 2**63, size, np.uint64) for size in (4_000, 36_000))
    others[5] = tests[7] ^ np.uint64(0b1111)
    pairs = closest_pairs(tests, others, distance=4, most=8)
    assert [7, 5, 4] in pairs.tolist()
    assert compared < 36_000  # of 144 million pairs


def test_a_burst_has_a_limited_number_of_pairs() -> None:
    scene = np.full(3_000, 0x0F1E2D3C4B5A6978, np.uint64)
    assert len(closest_pairs(scene[:100], scene, distance=4, most=8)) == 800
