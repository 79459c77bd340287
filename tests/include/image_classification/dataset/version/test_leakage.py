"""Leakage detection finds all similar test images and skips plain pictures."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.contracts.dataset import Split
from include.image_classification.dataset.version import leakage
from include.image_classification.dataset.version.leakage import find_leaks
from include.image_classification.dataset.version.manifest import Image
from include.image_classification.images.perceptual_hash import perceptual_hash
from include.image_classification.images.resizing import Image as Pixels

BASE = 0x0F1E2D3C4B5A6978
# Similar hashes, so that close pairs are likely.
BITS_AND_SPLITS = st.lists(
    st.tuples(
        st.sets(st.integers(0, 63), max_size=5),
        st.sampled_from(["train", "validation", "test"]),
    ),
    max_size=14,
)


def image(number: int, split: Split) -> Image:
    return Image(f"{number}.jpg", f"{number:064x}", 1, 1, 1, 0, split, f"{number}")


def flipped(bits: set[int]) -> int:
    number = BASE
    for bit in bits:
        number ^= 1 << bit
    return number


@given(BITS_AND_SPLITS, st.integers(0, 8))
@settings(deadline=None)
def test_all_pairs_within_the_distance_are_found(
    rows: list[tuple[set[int], Split]], distance: int
) -> None:
    images = [image(number, split) for number, (_, split) in enumerate(rows)]
    hashes = [flipped(bits) for bits, _ in rows]
    expected = set()
    for one, one_hash in zip(images, hashes, strict=True):
        for other, other_hash in zip(images, hashes, strict=True):
            different = (one_hash ^ other_hash).bit_count()
            if one.split == "test" != other.split and different <= distance:
                expected.add((one.path, other.path, different, other.split))
    found = find_leaks(images, hashes, distance)
    reported = {(leak.test, leak.train, leak.distance, leak.split) for leak in found}
    assert reported <= expected
    tests = {path for path, *_ in expected}
    for path in tests:
        closest = sorted(pair[2] for pair in expected if pair[0] == path)[: leakage.CLOSEST]
        assert sorted(leak.distance for leak in found if leak.test == path) == closest
    assert [leak.distance for leak in found] == sorted(leak.distance for leak in found)


@pytest.mark.parametrize("plain", [0, 2**64 - 1, 1 << 7])
def test_plain_pictures_are_not_compared(plain: int) -> None:
    """The hash of a white wall is similar to that of a clear sky."""
    images = [image(0, "test"), image(1, "train")]
    assert not find_leaks(images, [plain, plain], distance=10)


def textured(seed: int) -> Pixels:
    noise = np.random.default_rng(seed).integers(0, 256, (12, 16), np.uint8)
    return np.asarray(cv2.resize(noise, (160, 120), interpolation=cv2.INTER_CUBIC), np.uint8)


def test_a_scaled_brightened_and_reencoded_copy_is_found() -> None:
    picture = textured(1)
    darker = cv2.convertScaleAbs(cv2.resize(picture, (90, 70)), alpha=0.8, beta=20)
    encoded = cv2.imencode(".jpg", darker, [cv2.IMWRITE_JPEG_QUALITY, 40])[1]
    copy = np.asarray(cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE), np.uint8)
    images = [image(0, "test"), image(1, "train"), image(2, "train")]
    pictures = [copy, picture, textured(2)]
    hashes = [perceptual_hash(pixels) for pixels in pictures]
    assert [(leak.test, leak.train) for leak in find_leaks(images, hashes)] == [("0.jpg", "1.jpg")]
