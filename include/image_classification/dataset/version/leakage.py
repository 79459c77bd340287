"""Leakage detection: test images that are nearly identical to images outside the test split."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from include.contracts.dataset import Split
from include.image_classification.dataset.version.manifest import Image

BITS = 64
DISTANCE = 4
"""In 5,731 crops of Stanford Cars, 572 of them test images, this finds 4 pairs, 3 of which are the
same photo. From 6 on, nearly all additional pairs are different cars from the same side."""

PLAIN = 6
"""A hash with fewer zeros or ones than this is not compared: all plain or evenly shaded pictures
have similar hashes, nearly all zeros or all ones."""

CLOSEST = 8
"""The maximum number of neighbors reported for a test image: bursts of a scene could exhaust the
memory."""

# The block of distances in memory: 128 x 4096 numbers are 2 MB.
TESTS_AT_ONCE, OTHERS_AT_ONCE = 128, 4096


@dataclass(frozen=True)
class Leak:
    """A test image and an image outside the test split that look the same.

    Attributes:
        test: The test image's path in the source.
        train: The other image's path.
        distance: The number of different bits (of 64) in their perceptual hashes.
        split: The other image's split, train or validation.
    """

    test: str
    train: str
    distance: int
    split: Split


def find_leaks(
    images: Sequence[Image], hashes: Mapping[str, int], distance: int = DISTANCE
) -> list[Leak]:
    """Return pairs of test images and similar training or validation images, the closest first.

    Images with a plain hash (`PLAIN`) are skipped. At most `CLOSEST` pairs are returned for a test
    image.

    Args:
        images: A version's images.
        hashes: The perceptual hashes by sha256; an image without a hash is skipped.
        distance: The maximum number of different bits.
    """
    comparable = [i for i in images if i.sha256 in hashes and not _is_plain(hashes[i.sha256])]
    tests = [image for image in comparable if image.split == "test"]
    others = [image for image in comparable if image.split != "test"]
    if not tests or not others:
        return []
    leaks = [
        Leak(tests[test].path, others[other].path, bits, others[other].split)
        for test, other, bits in _close_pairs(
            _unpack_hashes(tests, hashes), _unpack_hashes(others, hashes), distance
        )
    ]
    by_test: dict[str, list[Leak]] = defaultdict(list)
    for leak in leaks:
        by_test[leak.test].append(leak)
    closest = (leak for same in by_test.values() for leak in sorted(same, key=_order)[:CLOSEST])
    return sorted(closest, key=_order)


def _order(leak: Leak) -> tuple[int, str, str]:
    return leak.distance, leak.test, leak.train


def _is_plain(perceptual_hash: int) -> bool:
    ones = perceptual_hash.bit_count()
    return min(ones, BITS - ones) < PLAIN


def _unpack_hashes(images: Sequence[Image], hashes: Mapping[str, int]) -> NDArray[np.float32]:
    """Return hashes as rows of 64 times 1 or -1: the product of two rows counts equal bits."""
    packed = np.array([hashes[image.sha256] for image in images], dtype=">u8")
    bits = np.unpackbits(packed.view(np.uint8)).reshape(len(images), BITS)
    return bits.astype(np.float32) * 2 - 1


def _close_pairs(
    tests: NDArray[np.float32], others: NDArray[np.float32], distance: int
) -> Iterator[tuple[int, int, int]]:
    """Yield (test row, other row, different bits) for pairs within the distance."""
    for top in range(0, len(tests), TESTS_AT_ONCE):
        for left in range(0, len(others), OTHERS_AT_ONCE):
            block = tests[top : top + TESTS_AT_ONCE] @ others[left : left + OTHERS_AT_ONCE].T
            different = (BITS - block) / 2
            for row, column in np.argwhere(different <= distance).tolist():
                yield top + row, left + column, int(different[row, column])
