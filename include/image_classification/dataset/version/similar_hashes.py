"""Pairs of 64-bit hashes that differ in few bits, found without comparing every pair.

If two hashes differ in `distance` bits, and the bits are divided into distance + 2 parts, two parts
at least are equal (the pigeonhole principle). So the hashes are sorted by each pair of parts, and
only hashes that are equal there are compared. With a distance of 4, two parts have 21 bits or more:
of a million evenly distributed hashes, a hash is compared with about seven others.
"""

from collections.abc import Iterator
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

BITS = 64
Hashes = NDArray[np.uint64]
Positions = NDArray[np.int64]

# The number of pairs in memory at a time, 40 bytes each.
PAIRS_AT_ONCE = 1 << 20

_BIT_COUNTS = np.array([number.bit_count() for number in range(1 << 16)], np.uint8)


def closest_pairs(ones: Hashes, others: Hashes, distance: int, most: int) -> NDArray[np.int64]:
    """Return the pairs of a hash and another that differ in at most `distance` bits.

    Args:
        ones: The hashes to find others for.
        others: The other hashes.
        distance: The maximum number of different bits, less than 63.
        most: The maximum number of pairs for one hash: the closest, then the first by position.

    Returns:
        Rows of a position in `ones`, a position in `others` and the number of different bits,
        sorted by the first, then by closeness.
    """
    one, other = _Distinct(ones), _Distinct(others)
    found = np.zeros((0, 3), np.int64)
    for mask in _masks(distance):
        for pairs in _equal_below(one.hashes, other.hashes, mask):
            bits = _count_bits(one.hashes[pairs[0]] ^ other.hashes[pairs[1]])
            close = bits <= distance
            rows = np.stack([pairs[0][close], pairs[1][close], bits[close]], axis=1)
            # A group has an image at least, so the closest images are in the closest groups.
            found = _keep_closest(np.concatenate([found, rows]), other.first, most)
    return _expand(found, one, other, most)


class _Distinct:
    """The distinct hashes of an array, and the positions of each.

    Attributes:
        hashes: The distinct hashes, sorted.
        first: The first position of each.
    """

    def __init__(self, hashes: Hashes) -> None:
        self._order = np.argsort(hashes, kind="stable")
        self.hashes, starts = np.unique(hashes[self._order], return_index=True)
        self._starts = np.append(starts, len(hashes))
        self.first = self._order[starts]

    def positions(self, number: int, most: int | None = None) -> list[int]:
        """Return the first positions of a distinct hash."""
        start, end = self._starts[number], self._starts[number + 1]
        return [int(position) for position in self._order[start:end][:most]]


def _masks(distance: int) -> Iterator[np.uint64]:
    """Yield the bits of each pair of parts."""
    edges = np.linspace(0, BITS, distance + 3).astype(int).tolist()
    parts = [(1 << end) - (1 << start) for start, end in pairwise(edges)]
    for one, other in combinations(parts, 2):
        yield np.uint64(one | other)


def _equal_below(
    ones: Hashes, others: Hashes, mask: np.uint64
) -> Iterator[tuple[Positions, Positions]]:
    """Yield the positions of hashes that are equal in the bits of the mask, in blocks."""
    order = np.argsort(others & mask, kind="stable")
    keys = (others & mask)[order]
    wanted = ones & mask
    starts = np.searchsorted(keys, wanted, "left")
    counts = np.searchsorted(keys, wanted, "right") - starts
    for first, last in _blocks(counts):
        lengths = counts[first:last]
        ends = np.cumsum(lengths)
        within = np.arange(ends[-1]) - np.repeat(ends - lengths, lengths)
        positions = np.repeat(np.arange(first, last), lengths)
        yield positions, order[np.repeat(starts[first:last], lengths) + within]


def _blocks(counts: Positions) -> Iterator[tuple[int, int]]:
    """Divide rows into blocks of about `PAIRS_AT_ONCE` pairs, without rows that have none."""
    totals = np.cumsum(counts)
    first = 0
    while first < len(counts):
        before = int(totals[first - 1]) if first else 0
        last = int(np.searchsorted(totals, before + PAIRS_AT_ONCE, "right"))
        last = max(last, first + 1)
        if totals[last - 1] > before:
            yield first, last
        first = last


def _count_bits(numbers: Hashes) -> Positions:
    parts = numbers.view(np.uint16).reshape(-1, 4)
    return np.asarray(_BIT_COUNTS[parts].sum(axis=1), np.int64)


def _keep_closest(rows: NDArray[np.int64], first: Positions, most: int) -> NDArray[np.int64]:
    """Return the closest rows of each hash, without repetitions."""
    if not len(rows):
        return rows
    rows = rows[np.lexsort([first[rows[:, 1]], rows[:, 2], rows[:, 0]])]
    # Two parts or more may be equal: then the same pair is found several times, and is adjacent.
    rows = rows[np.append(True, (rows[1:, :2] != rows[:-1, :2]).any(axis=1))]
    starts = np.flatnonzero(np.append(True, rows[1:, 0] != rows[:-1, 0]))
    lengths = np.diff(np.append(starts, len(rows)))
    return rows[np.arange(len(rows)) - np.repeat(starts, lengths) < most]


def _expand(
    rows: NDArray[np.int64], one: _Distinct, other: _Distinct, most: int
) -> NDArray[np.int64]:
    """Replace the numbers of distinct hashes by positions."""
    expanded: list[tuple[int, int, int]] = []
    for group in np.split(rows, np.flatnonzero(rows[1:, 0] != rows[:-1, 0]) + 1):
        near = sorted(
            (bits, position)
            for _, number, bits in group.tolist()
            for position in other.positions(number, most)
        )[:most]
        for position in one.positions(int(group[0, 0])) if near else ():
            expanded += [(position, neighbor, bits) for bits, neighbor in near]
    return np.array(sorted(expanded), np.int64).reshape(-1, 3)
