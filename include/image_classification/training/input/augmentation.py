"""Augmentation of training images, like the built-in algorithm's."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from include.image_classification.images.resizing import Image, squash

HUE, SATURATION, LIGHTNESS = 36, 50, 50
ROTATION, SHEAR, ASPECT = 10, 0.1, 0.25

SMALLEST_AREA, WIDEST_ASPECT = 1 / 3, 4 / 3
"""Limits of `random_resized_crop`: a window's share of the image, and its ratio of the sides."""


def augment(image: Image, kind: str, height: int, width: int, random: np.random.Generator) -> Image:
    """Return a height x width view of the image for an `augmentation_type`.

    `none` is the center crop. `crop` is a random window, mirrored half of the time. `crop_color`
    also adds random offsets to hue, lightness and saturation. `crop_color_transform` also rotates,
    shears and stretches the image. `random_resized_crop` is a window of at least a third of the
    image's area and of another aspect ratio, mirrored half of the time; the built-in algorithm does
    not have it.

    The image must have at least height x width pixels. The larger it is, the more of it a window
    may leave out.
    """
    if kind == "none":
        return center_crop(image, height, width)
    if kind == "crop_color_transform":
        image = _transform(image, random)
    if kind == "random_resized_crop":
        image = _resized_window(image, height, width, random)
    else:
        image = _random_window(image, height, width, random)
    if random.random() < 0.5:
        image = image[:, ::-1]
    return image if kind in ("crop", "random_resized_crop") else _shift_colors(image, random)


def resize_shorter_side(image: Image, shorter: int) -> Image:
    """Resize the image so that its shorter side has this many pixels; keep its aspect ratio."""
    height, width = image.shape[:2]
    scale = shorter / min(height, width)
    return squash(image, max(shorter, round(height * scale)), max(shorter, round(width * scale)))


def center_crop(image: Image, height: int, width: int) -> Image:
    """Return the center of the image."""
    top, left = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
    return image[top : top + height, left : left + width]


def _random_window(image: Image, height: int, width: int, random: np.random.Generator) -> Image:
    # The built-in algorithm crops height x width from a larger image, so that it never trains on
    # the whole images that it serves. Here a window has any size up to the whole image.
    rows = random.integers(height, image.shape[0] + 1)
    columns = random.integers(width, image.shape[1] + 1)
    top = random.integers(image.shape[0] - rows + 1)
    left = random.integers(image.shape[1] - columns + 1)
    return squash(image[top : top + rows, left : left + columns], height, width)


def _resized_window(image: Image, height: int, width: int, random: np.random.Generator) -> Image:
    """Return a window as torchvision's RandomResizedCrop chooses it, for squashed images.

    There, the aspect ratio is the window's own. Squashed images have lost theirs, so here it is
    relative to the image's.
    """
    area = random.uniform(SMALLEST_AREA, 1)
    aspect = np.exp(random.uniform(-np.log(WIDEST_ASPECT), np.log(WIDEST_ASPECT)))
    shares = np.minimum(np.sqrt([area / aspect, area * aspect]), 1)
    rows, columns = np.maximum(np.rint(shares * image.shape[:2]), 1).astype(int)
    top = random.integers(image.shape[0] - rows + 1)
    left = random.integers(image.shape[1] - columns + 1)
    return squash(image[top : top + rows, left : left + columns], height, width)


def _shift_colors(image: Image, random: np.random.Generator) -> Image:
    if image.shape[2] == 1:
        return image
    hls: NDArray[Any] = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2HLS).astype(int)
    hls += [random.integers(-limit, limit + 1) for limit in (HUE, LIGHTNESS, SATURATION)]
    hls[..., 0] %= 180
    back = np.clip(hls, 0, 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(back, cv2.COLOR_HLS2RGB), np.uint8)


def _transform(image: Image, random: np.random.Generator) -> Image:
    height, width, channels = image.shape
    angle = np.deg2rad(random.uniform(-ROTATION, ROTATION))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    shear = np.array([[1, random.uniform(-SHEAR, SHEAR)], [0, 1]])
    stretch = np.sqrt(1 + random.uniform(-ASPECT, ASPECT))
    linear = turn @ shear @ np.diag([stretch, 1 / stretch])
    middle = np.array([width, height]) / 2
    matrix = np.column_stack([linear, middle - linear @ middle])
    moved = cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(moved, np.uint8).reshape(height, width, channels)
