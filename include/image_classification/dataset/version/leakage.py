"""Leakage: test images that show, almost pixel by pixel, what a model was trained on."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from include.contracts.dataset import Split
from include.image_classification.dataset.version.manifest import Image

BITS = 64
DISTANCE = 4
"""Of 5,731 crops of Stanford Cars, 572 of them tests, this tells 4 pairs, of which 3 are the same
photo; from 6 on nearly all that it adds are different cars from the same side."""

PLAIN = 6
"""Hashes with fewer bits of one kind say too little to compare by: a plain or evenly shaded picture
is nearly all zeros or all ones, like any other such."""

CLOSEST = 8
"""So many neighbours of a test image are told: bursts of one scene would fill the memory."""

# Of distances held in memory at a time: 128 x 4096 numbers are 2 MB.
TESTS_AT_ONCE, OTHERS_AT_ONCE = 128, 4096


@dataclass(frozen=True)
class Leak:
    """A test image and an image outside the test split that look the same.

    Attributes:
        test: The test image's path in the source.
        train: The other's path.
        distance: In how many of 64 bits their perceptual hashes differ.
        split: Of the other: train or validation.
    """

    test: str
    train: str
    distance: int
    split: Split


def find_leaks(
    images: Sequence[Image], looks: Mapping[str, int], distance: int = DISTANCE
) -> list[Leak]:
    """Find test images that look like training or validation images, the most alike first.

    Images that are too plain to tell apart by their hash are left out, and of a test image no
    more than its eight closest neighbours are returned.

    Args:
        images: A version's images.
        looks: Their perceptual hashes by sha256; an image without one is left out.
        distance: In how many bits the hashes may differ.
    """
    telling = [i for i in images if i.sha256 in looks and not _is_plain(looks[i.sha256])]
    tests = [image for image in telling if image.split == "test"]
    others = [image for image in telling if image.split != "test"]
    if not tests or not others:
        return []
    leaks = [
        Leak(tests[test].path, others[other].path, apart, others[other].split)
        for test, other, apart in _close_pairs(
            _hashes(tests, looks), _hashes(others, looks), distance
        )
    ]
    by_test: dict[str, list[Leak]] = defaultdict(list)
    for leak in leaks:
        by_test[leak.test].append(leak)
    kept = (leak for each in by_test.values() for leak in sorted(each, key=_order)[:CLOSEST])
    return sorted(kept, key=_order)


def _order(leak: Leak) -> tuple[int, str, str]:
    return leak.distance, leak.test, leak.train


def _is_plain(look: int) -> bool:
    ones = look.bit_count()
    return min(ones, BITS - ones) < PLAIN


def _hashes(images: Sequence[Image], looks: Mapping[str, int]) -> NDArray[np.float32]:
    """Each hash as a row of 64 times 1 or -1, so that a product of rows counts what agrees."""
    packed = np.array([looks[image.sha256] for image in images], dtype=">u8")
    bits = np.unpackbits(packed.view(np.uint8)).reshape(len(images), BITS)
    return bits.astype(np.float32) * 2 - 1


def _close_pairs(
    tests: NDArray[np.float32], others: NDArray[np.float32], distance: int
) -> Iterator[tuple[int, int, int]]:
    """Yield the rows of both that differ in at most so many bits, and in how many they do."""
    for top in range(0, len(tests), TESTS_AT_ONCE):
        for left in range(0, len(others), OTHERS_AT_ONCE):
            block = tests[top : top + TESTS_AT_ONCE] @ others[left : left + OTHERS_AT_ONCE].T
            apart = (BITS - block) / 2
            for row, column in np.argwhere(apart <= distance).tolist():
                yield top + row, left + column, int(apart[row, column])
