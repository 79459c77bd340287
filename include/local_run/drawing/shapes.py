"""Plane geometry for outlines: points are float arrays of shape (n, 2), x right, y up."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

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
    return join(*(np.array([[x], [y]]) + radius * _unit_circle(corners)))


def join(x: NDArray[np.float64], y: NDArray[np.float64]) -> Points:
    """Return points with these coordinates; faster than `np.stack` for a few points."""
    joined = np.empty((len(x), 2))
    joined[:, 0], joined[:, 1] = x, y
    return joined


def rounded(outline: Points, radius: float, steps: int = 4) -> Points:
    """Return the polygon with rounded corners; curves start `radius` before the corner."""
    before = np.concatenate([outline[-1:], outline[:-1]])
    after = np.concatenate([outline[1:], outline[:1]])
    start = _towards(outline, before, radius)
    end = _towards(outline, after, radius)
    first, middle, last = _curve_weights(steps)
    curve: Points = first * start[:, None] + middle * outline[:, None] + last * end[:, None]
    return curve.reshape(-1, 2)


@lru_cache
def _unit_circle(corners: int) -> NDArray[np.float64]:
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    return np.stack([np.cos(angles), np.sin(angles)])


@lru_cache
def _curve_weights(steps: int) -> NDArray[np.float64]:
    """Return a quadratic Bézier curve's weights of its three points."""
    t = np.linspace(0, 1, steps)[None, :, None]
    return np.stack([(1 - t) ** 2, 2 * t * (1 - t), t**2])


def _towards(origin: Points, target: Points, distance: float) -> Points:
    """Return points `distance` from `origin` towards `target`, at most 45 % of the way."""
    step = target - origin
    length = np.maximum(np.linalg.norm(step, axis=1, keepdims=True), 1e-9)
    moved: Points = origin + step * np.minimum(distance / length, 0.45)
    return moved
