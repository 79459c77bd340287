"""Background of a car: sky, objects on the horizon, and the ground."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from include.local_run.drawing.canvas import Canvas, Color, shade
from include.local_run.drawing.shapes import Points, box, circle, points


def draw_scenery(canvas: Canvas, horizon: float, rng: np.random.Generator) -> None:
    """Fill the canvas with a random scene whose ground starts at the row `horizon`."""
    sky = _pick(rng, ((120, 170, 225), (205, 215, 225), (235, 190, 150), (90, 105, 135)))
    pale = shade(sky, rng.uniform(1.05, 1.3))
    canvas.gradient(_rows(canvas, 0, horizon + 1), sky, pale)
    scene: Callable[[Canvas, float, np.random.Generator], None]
    scene = (_city, _hills, _wall, _trees, _haze)[int(rng.integers(5))]
    scene(canvas, horizon, rng)
    _ground(canvas, horizon, rng)


def _rows(canvas: Canvas, top: float, bottom: float) -> Points:
    return box(-2, top, canvas.width + 2, bottom)


def _pick(rng: np.random.Generator, colors: tuple[Color, ...]) -> Color:
    return shade(colors[int(rng.integers(len(colors)))], rng.uniform(0.8, 1.15))


def _city(canvas: Canvas, horizon: float, rng: np.random.Generator) -> None:
    x = rng.uniform(-20, 0)
    while x < canvas.width:
        width, height = rng.uniform(14, 46), horizon * rng.uniform(0.25, 0.95)
        wall = _pick(rng, ((170, 120, 100), (150, 150, 155), (196, 180, 150), (95, 105, 120)))
        canvas.polygon(box(x, horizon - height, x + width, horizon + 1), wall)
        pane = shade(wall, rng.choice((0.55, 1.4)))
        for left in np.arange(x + 3, x + width - 4, 7.0):
            for top in np.arange(horizon - height + 4, horizon - 6, 9.0):
                canvas.polygon(box(left, top, left + 3.5, top + 5), pane)
        x += width + rng.choice((0.0, 6.0))


def _hills(canvas: Canvas, horizon: float, rng: np.random.Generator) -> None:
    for layer in (1.4, 1.0):
        green = shade(_pick(rng, ((96, 136, 82), (128, 130, 92), (110, 120, 140))), layer)
        xs = np.linspace(-4, canvas.width + 4, 24)
        waves = np.sin(xs / rng.uniform(14, 40) + rng.uniform(0, 6)) + 1
        tops = horizon - waves * horizon * rng.uniform(0.05, 0.22) * layer - 2
        ridge = np.stack([xs, tops], axis=1)
        ends = points([(canvas.width + 4, horizon + 1), (-4, horizon + 1)])
        canvas.polygon(np.concatenate([ridge, ends]), green)


def _wall(canvas: Canvas, horizon: float, rng: np.random.Generator) -> None:
    top = horizon * rng.uniform(0.0, 0.5)
    brick = _pick(rng, ((165, 92, 74), (150, 148, 142), (190, 176, 150), (86, 96, 110)))
    canvas.polygon(_rows(canvas, top, horizon + 1), brick)
    for row, y in enumerate(np.arange(top, horizon, 6.0)):
        canvas.line(points([(0, y), (canvas.width, y)]), shade(brick, 0.78), 0.5)
        for x in np.arange(6.0 * (row % 2), canvas.width, 12.0):
            canvas.line(points([(x, y), (x, y + 6)]), shade(brick, 0.78), 0.5)


def _trees(canvas: Canvas, horizon: float, rng: np.random.Generator) -> None:
    for _ in range(int(rng.integers(4, 12))):
        x, size = rng.uniform(0, canvas.width), horizon * rng.uniform(0.12, 0.32)
        foot = horizon + 1
        canvas.polygon(box(x - size * 0.12, foot - size * 1.4, x + size * 0.12, foot), (92, 70, 52))
        leaves = _pick(rng, ((70, 120, 62), (104, 132, 66), (160, 120, 60)))
        for dx, dy, grown in ((-0.4, 1.3, 0.75), (0.4, 1.35, 0.7), (0.0, 1.75, 0.85)):
            crown = circle(x + dx * size, foot - dy * size, grown * size, 14)
            canvas.polygon(crown, shade(leaves, 0.85 + 0.2 * dx))


def _haze(canvas: Canvas, horizon: float, rng: np.random.Generator) -> None:
    tone = _pick(rng, ((200, 202, 206), (176, 170, 164), (140, 150, 160)))
    canvas.gradient(_rows(canvas, 0, horizon + 1), shade(tone, 1.15), shade(tone, 0.85))
    for _ in range(int(rng.integers(0, 5))):
        cloud = circle(rng.uniform(0, canvas.width), rng.uniform(0, horizon), 1.0, 16)
        middle = cloud.mean(axis=0)
        spread = middle + (cloud - middle) * (rng.uniform(10, 36), rng.uniform(3, 9))
        canvas.blend(spread, shade(tone, 1.25), 0.6)


def _ground(canvas: Canvas, horizon: float, rng: np.random.Generator) -> None:
    tone = _pick(rng, ((105, 106, 110), (140, 136, 130), (150, 130, 100), (98, 118, 82)))
    canvas.gradient(_rows(canvas, horizon, canvas.height + 2), shade(tone, 1.12), shade(tone, 0.8))
    if rng.random() < 0.6:
        kerb = shade((190, 188, 184), rng.uniform(0.7, 1.1))
        canvas.polygon(_rows(canvas, horizon, horizon + rng.uniform(1, 5)), kerb)
    if rng.random() < 0.6:
        y, step = rng.uniform(horizon + 8, canvas.height + 10), rng.uniform(22, 46)
        for x in np.arange(rng.uniform(-step, 0), canvas.width, step):
            canvas.polygon(box(x, y, x + step * 0.55, y + 2.5), (222, 218, 200))
