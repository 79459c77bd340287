"""What training does to an image before the network sees it, as the built-in algorithm does."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from include.image_classification.images.resizing import Image, squash

HUE, SATURATION, LIGHTNESS = 36, 50, 50
ROTATION, SHEAR, ASPECT = 10, 0.1, 0.25


def augment(image: Image, kind: str, height: int, width: int, random: np.random.Generator) -> Image:
    """Return a height x width view of the image as `augmentation_type` asks for.

    `none` is the centre. `crop` is a random window, mirrored half of the time. `crop_color` adds
    random offsets to hue, lightness and saturation, `crop_color_transform` also rotates, shears
    and stretches. The image must be at least height x width; how much larger it is says how much
    a window may leave out.
    """
    if kind == "none":
        return centre(image, height, width)
    if kind == "crop_color_transform":
        image = _transformed(image, random)
    image = _random_window(image, height, width, random)
    if random.random() < 0.5:
        image = image[:, ::-1]
    return image if kind == "crop" else _recoloured(image, random)


def resized(image: Image, shorter: int) -> Image:
    """The image with its shorter side at so many pixels and its aspect kept."""
    height, width = image.shape[:2]
    scale = shorter / min(height, width)
    return squash(image, max(shorter, round(height * scale)), max(shorter, round(width * scale)))


def centre(image: Image, height: int, width: int) -> Image:
    """The middle of the image."""
    top, left = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
    return image[top : top + height, left : left + width]


def _random_window(image: Image, height: int, width: int, random: np.random.Generator) -> Image:
    # The built-in cuts height x width from the larger image, so it never trains on a whole one,
    # yet is served whole ones. Here a window has any size up to the whole and is then resized.
    rows = random.integers(height, image.shape[0] + 1)
    columns = random.integers(width, image.shape[1] + 1)
    top = random.integers(image.shape[0] - rows + 1)
    left = random.integers(image.shape[1] - columns + 1)
    return squash(image[top : top + rows, left : left + columns], height, width)


def _recoloured(image: Image, random: np.random.Generator) -> Image:
    if image.shape[2] == 1:
        return image
    hls: NDArray[Any] = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2HLS).astype(int)
    hls += [random.integers(-limit, limit + 1) for limit in (HUE, LIGHTNESS, SATURATION)]
    hls[..., 0] %= 180
    back = np.clip(hls, 0, 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(back, cv2.COLOR_HLS2RGB), np.uint8)


def _transformed(image: Image, random: np.random.Generator) -> Image:
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
