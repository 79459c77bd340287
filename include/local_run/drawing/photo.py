"""A photo: a car in a scene with imperfections of a camera."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from include.local_run.drawing.canvas import Canvas, Image
from include.local_run.drawing.car import body_outline, choose_finish, choose_shape, draw_car
from include.local_run.drawing.kinds import CarKind
from include.local_run.drawing.scenery import draw_scenery
from include.local_run.drawing.shapes import points
from include.local_run.drawing.view import choose_view

WIDTHS, HEIGHTS = (128, 200), (96, 140)


@dataclass(frozen=True)
class Photo:
    """An image and its bounding box.

    Attributes:
        image: RGB, (height, width, 3).
        box: The car's left, top, right, bottom pixel, 1-based and inclusive as Stanford counts.
        jpeg: The image as JPEG.
    """

    image: Image
    box: tuple[int, int, int, int]
    jpeg: bytes


def take_photo(kind: CarKind, rng: np.random.Generator) -> Photo:
    """Draw a photo of a car of this kind; the same generator state gives the same bytes."""
    width = int(rng.integers(WIDTHS[0], WIDTHS[1] + 1))
    height = int(np.clip(width * rng.uniform(0.66, 0.78), *HEIGHTS))
    canvas = Canvas(width, height)
    warp = choose_shape(kind, rng)
    body = body_outline(kind, warp)
    top = points([(kind.length / 2, kind.height + kind.on_roof)])
    whole = np.concatenate([body, warp(top)])
    view = choose_view(kind, whole, (width, height), rng)
    horizon = view.origin[1] - view.scale * rng.uniform(0.2, 1.1)
    draw_scenery(canvas, float(np.clip(horizon, 0.25 * height, 0.9 * height)), rng)
    canvas.defocus(rng.uniform(1.2, 3.0))
    draw_car(canvas, kind, view, warp, choose_finish(rng))
    seen = np.concatenate([view.pixels(whole), view.pixels(whole, 1.0), view.pixels(body * (1, 0))])
    image = _expose(canvas.photograph(), rng)
    return Photo(image, _stanford_box(seen, width, height), _encode(image, rng))


def _stanford_box(seen: NDArray[np.float64], width: int, height: int) -> tuple[int, int, int, int]:
    left, top = np.clip(np.floor(seen.min(axis=0)), 0, (width - 1, height - 1))
    right, bottom = np.clip(np.ceil(seen.max(axis=0)), 1, (width, height))
    return int(left) + 1, int(top) + 1, int(right), int(bottom)


def _expose(image: Image, rng: np.random.Generator) -> Image:
    """Apply light, white balance, focus and noise."""
    tone = image.astype(np.float32) / 255
    height, width = image.shape[:2]
    slant = np.linspace(-1, 1, width)[None, :] * rng.uniform(-0.14, 0.14)
    fall = np.linspace(-1, 1, height)[:, None] * rng.uniform(-0.1, 0.1)
    light = rng.uniform(0.72, 1.22) * (1 + slant + fall)
    tone = tone * light[..., None].astype(np.float32)
    tone = tone * rng.uniform(0.88, 1.1, 3).astype(np.float32)
    blur = rng.uniform(0, 0.8)
    if blur > 0.3:
        tone = cv2.GaussianBlur(tone, (5, 5), blur).astype(np.float32)
    tone = tone + rng.normal(0, rng.uniform(0.003, 0.022), tone.shape).astype(np.float32)
    exposed: Image = np.rint(np.clip(tone, 0, 1) * 255).astype(np.uint8)
    return exposed


def _encode(image: Image, rng: np.random.Generator) -> bytes:
    quality = int(rng.integers(82, 96))
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    done, encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise RuntimeError("OpenCV could not encode a drawn photo as JPEG")
    return encoded.tobytes()
