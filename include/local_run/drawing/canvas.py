"""A canvas that is larger than the resulting image, so that downscaling smooths the edges."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from include.local_run.drawing.shapes import Points

Color = tuple[float, float, float]
Image = NDArray[np.uint8]
SUPERSAMPLING = 2
_SUBPIXEL_BITS = 4
_UNITS = SUPERSAMPLING << _SUBPIXEL_BITS


def shade(color: Color, factor: float) -> Color:
    """Return a darker (factor below 1) or lighter color, limited to 0..255."""
    red, green, blue = (min(255.0, max(0.0, channel * factor)) for channel in color)
    return red, green, blue


class Canvas:
    """Draws polygons in pixels of the resulting image (x right, y down), RGB, 0..255."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.pixels: Image = np.zeros(
            (height * SUPERSAMPLING, width * SUPERSAMPLING, 3), dtype=np.uint8
        )

    def polygon(self, outline: Points, color: Color) -> None:
        """Fill the polygon."""
        cv2.fillPoly(self.pixels, [_fixed(outline)], color, cv2.LINE_AA, _SUBPIXEL_BITS)

    def line(self, course: Points, color: Color, width: float) -> None:
        """Draw an open line; `width` is in pixels of the resulting image."""
        thickness = max(1, round(width * SUPERSAMPLING))
        cv2.polylines(
            self.pixels, [_fixed(course)], False, color, thickness, cv2.LINE_AA, _SUBPIXEL_BITS
        )

    def blend(self, outline: Points, color: Color, opacity: float) -> None:
        """Fill the polygon with a transparent color."""
        self._fill(outline, np.asarray(color, np.float32), opacity)

    def gradient(self, outline: Points, top: Color, bottom: Color) -> None:
        """Fill the polygon with a vertical gradient between two colors."""
        low, high = outline[:, 1].min() * SUPERSAMPLING, outline[:, 1].max() * SUPERSAMPLING
        rows = np.arange(self.pixels.shape[0], dtype=np.float32)
        t = np.clip((rows - low) / max(1.0, high - low), 0, 1)[:, None, None]
        upper, lower = np.asarray(top, np.float32), np.asarray(bottom, np.float32)
        self._fill(outline, upper * (1 - t) + lower * t, 1.0)

    def defocus(self, sigma: float) -> None:
        """Blur the canvas; `sigma` is in pixels of the resulting image."""
        reach = sigma * SUPERSAMPLING
        self.pixels = cv2.GaussianBlur(self.pixels, (0, 0), reach).astype(np.uint8)

    def photograph(self) -> Image:
        """Return the resulting image."""
        size = (self.width, self.height)
        return cv2.resize(self.pixels, size, interpolation=cv2.INTER_AREA).astype(np.uint8)

    def _fill(self, outline: Points, color: NDArray[np.float32], opacity: float) -> None:
        """Fill the polygon with a color or, if it is (rows, 1, 3), with one for each row."""
        mask = np.zeros(self.pixels.shape[:2], np.uint8)
        cv2.fillPoly(mask, [_fixed(outline)], (255,), cv2.LINE_AA, _SUBPIXEL_BITS)
        left, top, width, height = cv2.boundingRect(mask)
        if not width:
            return
        area = np.s_[top : top + height, left : left + width]
        mask, pixels = mask[area], self.pixels[area]
        if color.ndim == 3:
            color = color[top : top + height]
        if color.ndim == 3 and opacity == 1.0:  # inside the outline, pixels are not mixed
            solid = cv2.resize(np.rint(color).astype(np.uint8), (width, height))
            cv2.copyTo(solid, (mask == 255).view(np.uint8), pixels)
            mixed = np.nonzero((mask > 0) & (mask < 255))
        else:
            mixed = np.nonzero(mask)
        color = np.broadcast_to(color, pixels.shape)[mixed]
        weight = mask[mixed][:, None].astype(np.float32) * np.float32(opacity / 255)
        pixels[mixed] = np.rint(pixels[mixed] * (1 - weight) + color * weight)


def _fixed(outline: Points) -> NDArray[np.int32]:
    """Convert coordinates to OpenCV's fixed-point integers on the canvas."""
    fixed: NDArray[np.int32] = np.rint(outline * _UNITS).astype(np.int32)
    return fixed
