"""Draw a car: body with depth, wheels, windows, doors and lights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from include.local_run.drawing.canvas import Canvas, Color, shade
from include.local_run.drawing.features import RUBBER, Shape, draw_behind, draw_in_front
from include.local_run.drawing.kinds import CarKind
from include.local_run.drawing.shapes import Points, circle, join, points, rounded
from include.local_run.drawing.view import View


@dataclass(frozen=True)
class Finish:
    """Properties that vary between cars of a kind and do not depend on the kind."""

    paint: Color
    accent: Color
    glass: Color
    rim: Color
    spokes: int
    spin: float
    lights_on: bool


def choose_finish(rng: np.random.Generator) -> Finish:
    """Choose a random finish: colors, windows, rims and lights."""
    tint = rng.uniform(25, 190)
    return Finish(
        paint=_any_color(rng),
        accent=_any_color(rng),
        glass=(tint * 0.86, tint * 0.97, tint),
        rim=shade((205, 207, 212), rng.uniform(0.35, 1.1)),
        spokes=int(rng.integers(4, 9)),
        spin=rng.uniform(0, np.pi),
        lights_on=bool(rng.random() < 0.4),
    )


def choose_shape(kind: CarKind, rng: np.random.Generator) -> Shape:
    """Return a function that changes the proportions of a car at random."""
    stretch = rng.uniform((0.95, 0.95), (1.05, 1.05))
    roof, rake = rng.uniform(0.93, 1.07), rng.uniform(-0.07, 0.07)

    def warp(outline: Points) -> Points:
        above = np.maximum(outline[:, 1] - kind.belt, 0)
        x = outline[:, 0] + rake * above
        y = np.minimum(outline[:, 1], kind.belt) + above * roof
        warped: Points = join(x, y) * stretch
        return warped

    return warp


def body_outline(kind: CarKind, warp: Shape) -> Points:
    """Return the body's polygon in meters with rounded corners."""
    return rounded(warp(points(kind.outline)), kind.rounding)


def draw_car(canvas: Canvas, kind: CarKind, view: View, warp: Shape, finish: Finish) -> None:
    """Draw the car from its far side to its near side."""
    body = body_outline(kind, warp)
    _shadow(canvas, view, body)
    _wheels(canvas, kind, view, warp, finish, across=0.85)
    _skin(canvas, view, body, finish.paint)
    for lower, upper in kind.screens:
        edge = warp(points([lower, upper]))
        near, far = view.pixels(edge, 0.06), view.pixels(edge, 0.94)
        if _faces_camera(near, view):
            canvas.polygon(np.concatenate([near, far[::-1]]), finish.glass)
    draw_behind(canvas, kind, view, warp, finish.paint)
    _near_side(canvas, kind, view, warp, finish)
    draw_in_front(canvas, kind, view, warp, finish.accent)
    _arches(canvas, kind, view, warp)
    _wheels(canvas, kind, view, warp, finish, across=0.0)


def _any_color(rng: np.random.Generator) -> Color:
    value, saturation = rng.uniform(100, 245), rng.uniform(0, 0.85)
    hue = rng.uniform(0, 1, 3)
    hue = (hue - hue.min()) / (hue.max() - hue.min())
    red, green, blue = value * (1 - saturation * (1 - hue))
    return float(red), float(green), float(blue)


def _shadow(canvas: Canvas, view: View, body: Points) -> None:
    left, right = body[:, 0].min(), body[:, 0].max()
    ground = points([(left, 0.0), (right, 0.0)])
    near = view.pixels(ground - np.array([0.0, 0.06]))
    far = view.pixels(ground, 0.9)
    canvas.blend(np.concatenate([near, far[::-1]]), (12, 12, 16), 0.62)


def _faces_camera(edge: Points, view: View) -> bool:
    """Return whether the surface at an edge of the outline (pixels) is visible."""
    (x0, y0), (x1, y1) = edge[0], edge[-1]
    right, up = (x1 - x0) * view.flip, -(y1 - y0) * view.flip
    # The outline runs clockwise for a car that looks right, so its outside is to the left.
    return bool(-up * view.depth[0] + right * view.depth[1] > 0)


def _skin(canvas: Canvas, view: View, body: Points, paint: Color) -> None:
    """Draw the surfaces between the two sides, lit from above."""
    near, far = view.pixels(body), view.pixels(body, 1.0)
    for first in range(len(body)):
        second = (first + 1) % len(body)
        run, rise = np.abs(near[second] - near[first])
        light = 0.62 + 0.5 * run / (run + rise + 1e-9)
        low = body[first, 1] < 0.5 and body[second, 1] < 0.5
        quad = np.stack([near[first], near[second], far[second], far[first]])
        canvas.polygon(quad, shade(paint, 0.25 if low else light))


def _near_side(canvas: Canvas, kind: CarKind, view: View, warp: Shape, finish: Finish) -> None:
    paint = finish.paint
    side = view.pixels(body_outline(kind, warp))
    canvas.gradient(side, shade(paint, 1.06), shade(paint, 0.66))
    canvas.line(np.concatenate([side, side[:1]]), shade(paint, 0.3), 0.035 * view.scale)
    sill = kind.outline[0][1] + 0.12
    for gap in kind.doors:
        course = warp(points([(gap, sill), (gap, kind.belt - 0.02)]))
        canvas.line(view.pixels(course), shade(paint, 0.45), 0.025 * view.scale)
        handle = warp(points([(gap - 0.3, kind.belt - 0.16), (gap - 0.12, kind.belt - 0.16)]))
        canvas.line(view.pixels(handle), shade(paint, 0.5), 0.035 * view.scale)
    for window in kind.windows:
        _window(canvas, view, warp(points(window)), finish.glass)
    _lights(canvas, kind, view, warp, finish)


def _window(canvas: Canvas, view: View, pane: Points, glass: Color) -> None:
    canvas.polygon(view.pixels(rounded(pane, 0.07)), RUBBER)
    inner = pane.mean(axis=0) + (pane - pane.mean(axis=0)) * 0.93
    canvas.gradient(view.pixels(rounded(inner, 0.06)), shade(glass, 1.25), shade(glass, 0.8))


def _lights(canvas: Canvas, kind: CarKind, view: View, warp: Shape, finish: Finish) -> None:
    front, rear = kind.outline[-2], kind.outline[1]
    lamp = points([(0, 0.02), (-0.02, 0.16), (-0.26, 0.17), (-0.3, 0.06)]) + front
    color = (255, 248, 205) if finish.lights_on else (212, 216, 214)
    canvas.polygon(view.pixels(warp(lamp)), color)
    tail = points([(0.01, 0.08), (0.02, 0.3), (0.2, 0.28), (0.2, 0.1)]) + rear
    canvas.polygon(view.pixels(warp(tail)), (200, 32, 28))


def _arches(canvas: Canvas, kind: CarKind, view: View, warp: Shape) -> None:
    for x in kind.wheels:
        centre = _hub(kind, warp, x)
        arch = circle(centre[0], centre[1], kind.wheel * 1.2)
        arch[:, 1] = np.maximum(arch[:, 1], kind.outline[0][1] * 0.8)
        canvas.polygon(view.pixels(arch), (22, 22, 25))


def _wheels(
    canvas: Canvas, kind: CarKind, view: View, warp: Shape, finish: Finish, across: float
) -> None:
    for x in kind.wheels:
        hub_x, hub_y = _hub(kind, warp, x)
        canvas.polygon(view.pixels(circle(hub_x, hub_y, kind.wheel), across), RUBBER)
        if across:
            continue
        canvas.polygon(view.pixels(circle(hub_x, hub_y, kind.wheel * 0.64)), finish.rim)
        for spoke in range(finish.spokes):
            angle = finish.spin + 2 * np.pi * spoke / finish.spokes
            tip = kind.wheel * 0.6 * np.array([np.cos(angle), np.sin(angle)])
            course = np.array([hub_x, hub_y]) + np.stack([tip * 0.3, tip])
            canvas.line(view.pixels(course), shade(finish.rim, 0.5), 0.05 * view.scale)
        canvas.polygon(view.pixels(circle(hub_x, hub_y, kind.wheel * 0.14)), (60, 60, 64))


def _hub(kind: CarKind, warp: Shape, x: float) -> tuple[float, float]:
    """Return the position of an axle. Wheels touch the ground with all proportions."""
    return float(warp(points([(x, 0.0)]))[0, 0]), kind.wheel
