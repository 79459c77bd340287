"""Leakage detection: test images that are nearly identical to images outside the test split."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from include.contracts.dataset import Split
from include.image_classification.dataset.version.manifest import Image
from include.image_classification.dataset.version.similar_hashes import (
    BITS,
    closest_pairs,
)

DISTANCE = 4
"""In 5,731 crops of Stanford Cars, 572 of them test images, this finds 4 pairs, 3 of which are the
same photo. From 6 on, nearly all additional pairs are different cars from the same side."""

PLAIN = 6
"""A hash with fewer zeros or ones than this is not compared: all plain or evenly shaded pictures
have similar hashes, nearly all zeros or all ones."""

CLOSEST = 8
"""The maximum number of neighbors reported for a test image, the closest: a burst of a scene would
have a pair for every two of its photos."""


@dataclass(frozen=True, slots=True)
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
    images: Sequence[Image], hashes: Sequence[int], distance: int = DISTANCE
) -> list[Leak]:
    """Return pairs of test images and similar training or validation images, the closest first.

    Images with a plain hash (`PLAIN`) are skipped. At most `CLOSEST` pairs are returned for a test
    image.

    Args:
        images: A version's images.
        hashes: The images' perceptual hashes, in their order.
        distance: The maximum number of different bits.
    """
    numbers = np.fromiter(hashes, np.uint64, len(images))
    comparable = np.array([not _is_plain(number) for number in hashes], bool)
    is_test = np.array([image.split == "test" for image in images], bool)
    tests, others = np.flatnonzero(comparable & is_test), np.flatnonzero(comparable & ~is_test)
    pairs = closest_pairs(numbers[tests], numbers[others], distance, CLOSEST)
    leaks = (
        _leak(images[tests[test]], images[others[other]], bits)
        for test, other, bits in pairs.tolist()
    )
    return sorted(leaks, key=lambda leak: (leak.distance, leak.test, leak.train))


def _leak(test: Image, other: Image, bits: int) -> Leak:
    return Leak(test.path, other.path, bits, other.split)


def _is_plain(perceptual_hash: int) -> bool:
    ones = perceptual_hash.bit_count()
    return min(ones, BITS - ones) < PLAIN
