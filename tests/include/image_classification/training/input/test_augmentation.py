"""Augmentation of images."""

import numpy as np
import pytest

from include.image_classification.images.resizing import Image
from include.image_classification.training.input.augmentation import augment, resize_shorter_side

KINDS = ["none", "crop", "crop_color", "crop_color_transform", "random_resized_crop"]


def noise(height: int, width: int, channels: int = 3) -> Image:
    return np.random.default_rng(0).integers(0, 256, (height, width, channels), np.uint8)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("height", "width"), [(24, 40), (40, 24), (24, 24)])
def test_each_kind_returns_the_requested_shape(
    kind: str, channels: int, height: int, width: int
) -> None:
    for seed in range(5):
        random = np.random.default_rng(seed)
        view = augment(noise(41, 43, channels), kind, height, width, random)
        assert view.shape == (height, width, channels)
        assert view.dtype == np.uint8


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_of_exactly_the_requested_size_is_accepted(kind: str) -> None:
    assert augment(noise(24, 40), kind, 24, 40, np.random.default_rng(0)).shape == (24, 40, 3)


def test_none_is_the_center_crop() -> None:
    image = noise(10, 12)
    assert (augment(image, "none", 8, 8, np.random.default_rng(0)) == image[1:9, 2:10]).all()


def test_crop_mirrors_half_of_the_images_and_may_keep_the_whole_image() -> None:
    """Training must include whole images, since the endpoint predicts on whole images."""
    image = noise(8, 8)
    views = [augment(image, "crop", 8, 8, np.random.default_rng(seed)) for seed in range(200)]
    mirrored = sum((view == image[:, ::-1]).all() for view in views)
    assert sum((view == image).all() for view in views) + mirrored == 200
    assert 70 < mirrored < 130


def test_a_random_resized_crop_has_a_third_of_the_image_or_more() -> None:
    """The image is a pair of ramps, from which position and size of a window can be read."""
    ramps = np.zeros((200, 200, 3), np.uint8)
    ramps[..., 0], ramps[..., 1] = np.arange(200)[:, None], np.arange(200)[None, :]
    shares, ratios, mirrored = [], [], 0
    for seed in range(300):
        view = augment(ramps, "random_resized_crop", 50, 50, np.random.default_rng(seed))
        rows, columns = np.ptp(view[..., 0].astype(int)) + 3, np.ptp(view[..., 1].astype(int)) + 3
        shares.append(rows * columns / 200**2)
        ratios.append(columns / rows)
        mirrored += int(view[0, 0, 1] > view[0, -1, 1])
    assert 0.3 < min(shares) < 0.36
    assert 0.9 < max(shares) <= 1.05
    assert 0.7 < min(ratios) < 0.8
    assert 1.25 < max(ratios) < 1.4
    assert 120 < mirrored < 180


def test_crop_keeps_colors_and_crop_color_shifts_them_within_the_documented_limits() -> None:
    gray = np.full((16, 16, 3), 128, np.uint8)
    assert (augment(gray, "crop", 8, 8, np.random.default_rng(1)) == 128).all()
    lightness = [
        int(augment(gray, "crop_color", 8, 8, np.random.default_rng(seed)).mean())
        for seed in range(50)
    ]
    assert max(lightness) - min(lightness) > 50
    assert all(128 - 85 < value < 128 + 85 for value in lightness)


@pytest.mark.parametrize(
    ("height", "width", "expected"), [(30, 60, (20, 40)), (50, 25, (40, 20)), (10, 10, (20, 20))]
)
def test_resize_sets_the_shorter_side_and_keeps_the_aspect_ratio(
    height: int, width: int, expected: tuple[int, int]
) -> None:
    assert resize_shorter_side(noise(height, width), 20).shape[:2] == expected
