"""Plane geometry for outlines: points are float arrays of shape (n, 2), x right, y up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]


def points(pairs: Sequence[tuple[float, float]]) -> Points:
    """Return pairs as an (n, 2) array."""
    return np.asarray(pairs, dtype=np.float64).reshape(-1, 2)


def box(left: float, bottom: float, right: float, top: float) -> Points:
    """Return the corners of an axis-aligned rectangle."""
    return points([(left, bottom), (left, top), (right, top), (right, bottom)])


def circle(x: float, y: float, radius: float, corners: int = 28) -> Points:
    """Return a circle as a polygon, which a view can distort."""
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    return np.stack([x + radius * np.cos(angles), y + radius * np.sin(angles)], axis=1)


def rounded(outline: Points, radius: float, steps: int = 4) -> Points:
    """Return the polygon with rounded corners; curves start `radius` before the corner."""
    before, after = np.roll(outline, 1, axis=0), np.roll(outline, -1, axis=0)
    start = _towards(outline, before, radius)
    end = _towards(outline, after, radius)
    t = np.linspace(0, 1, steps)[None, :, None]
    curve: Points = (
        (1 - t) ** 2 * start[:, None] + 2 * t * (1 - t) * outline[:, None] + t**2 * end[:, None]
    )
    return curve.reshape(-1, 2)


def _towards(origin: Points, target: Points, distance: float) -> Points:
    """Return points `distance` from `origin` towards `target`, at most 45 % of the way."""
    step = target - origin
    length = np.maximum(np.linalg.norm(step, axis=1, keepdims=True), 1e-9)
    moved: Points = origin + step * np.minimum(distance / length, 0.45)
    return moved
