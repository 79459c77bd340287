"""What an image becomes before the network sees it."""

import numpy as np
import pytest

from include.image_classification.images.resizing import Image
from include.image_classification.training.input.augmentation import augment, resized

KINDS = ["none", "crop", "crop_color", "crop_color_transform"]


def noise(height: int, width: int, channels: int = 3) -> Image:
    return np.random.default_rng(0).integers(0, 256, (height, width, channels), np.uint8)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("height", "width"), [(24, 40), (40, 24), (24, 24)])
def test_any_kind_gives_any_shape_grey_or_coloured(
    kind: str, channels: int, height: int, width: int
) -> None:
    for seed in range(5):
        random = np.random.default_rng(seed)
        view = augment(noise(41, 43, channels), kind, height, width, random)
        assert view.shape == (height, width, channels)
        assert view.dtype == np.uint8


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_of_exactly_the_shape_is_taken(kind: str) -> None:
    assert augment(noise(24, 40), kind, 24, 40, np.random.default_rng(0)).shape == (24, 40, 3)


def test_none_is_the_centre_and_nothing_else() -> None:
    image = noise(10, 12)
    assert (augment(image, "none", 8, 8, np.random.default_rng(0)) == image[1:9, 2:10]).all()


def test_crop_mirrors_half_of_the_time_and_shows_the_whole_image_at_times() -> None:
    """Serving shows the network whole images, so training must, too."""
    image = noise(8, 8)
    views = [augment(image, "crop", 8, 8, np.random.default_rng(seed)) for seed in range(200)]
    mirrored = sum((view == image[:, ::-1]).all() for view in views)
    assert sum((view == image).all() for view in views) + mirrored == 200
    assert 70 < mirrored < 130


def test_crop_leaves_colours_and_crop_color_moves_them_no_further_than_documented() -> None:
    grey = np.full((16, 16, 3), 128, np.uint8)
    assert (augment(grey, "crop", 8, 8, np.random.default_rng(1)) == 128).all()
    lightness = [
        int(augment(grey, "crop_color", 8, 8, np.random.default_rng(seed)).mean())
        for seed in range(50)
    ]
    assert max(lightness) - min(lightness) > 50
    assert all(128 - 85 < value < 128 + 85 for value in lightness)


@pytest.mark.parametrize(
    ("height", "width", "expected"), [(30, 60, (20, 40)), (50, 25, (40, 20)), (10, 10, (20, 20))]
)
def test_resize_brings_the_shorter_side_to_its_pixels_and_keeps_the_aspect(
    height: int, width: int, expected: tuple[int, int]
) -> None:
    assert resized(noise(height, width), 20).shape[:2] == expected
