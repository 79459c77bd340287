"""Features of single kinds besides body, windows and wheels. Shapes are in meters."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from include.local_run.drawing.canvas import Canvas, Color, shade
from include.local_run.drawing.kinds import CarKind
from include.local_run.drawing.shapes import Points, box, circle, points, rounded
from include.local_run.drawing.view import View

Shape = Callable[[Points], Points]
GLASS: Color = (150, 178, 190)
LEATHER: Color = (62, 46, 40)
RUBBER: Color = (28, 28, 30)


def draw_behind(canvas: Canvas, kind: CarKind, view: View, warp: Shape, paint: Color) -> None:
    """Draw the features behind the near side of the body."""
    if "open top" in kind.features:
        _open_top(canvas, view, warp)
    if "spare wheel" in kind.features:
        for radius, color in ((0.36, RUBBER), (0.2, shade(paint, 0.8))):
            wheel = circle(0, 0, radius) * (0.45, 1.0) + (-0.06, 1.08)
            canvas.polygon(view.pixels(warp(wheel), 0.5), color)
    if "roof rails" in kind.features:
        top, left, right = kind.height, 0.16 * kind.length, 0.54 * kind.length
        for across in (0.85, 0.1):
            rail = points([(left, top), (left + 0.12, top + 0.09), (right, top + 0.09)])
            canvas.line(view.pixels(warp(rail), across), (70, 72, 76), 0.055 * view.scale)
    if "roof box" in kind.features:
        top, middle = kind.height, 0.33 * kind.length
        case = points([(-0.95, 0.05), (-0.95, 0.34), (0.75, 0.34), (1.05, 0.05)])
        for across, light in ((0.75, 0.8), (0.3, 1.0)):
            shell = rounded(case + np.array([middle, top]), 0.1)
            canvas.polygon(view.pixels(warp(shell), across), shade((58, 60, 66), light))
    if "spoiler" in kind.features:
        wing = points(
            [
                (0.12, 0.8),
                (0.04, 1.08),
                (-0.08, 1.12),
                (0.4, 1.14),
                (0.38, 1.06),
                (0.24, 1.05),
                (0.26, 0.84),
            ]
        )
        canvas.polygon(view.pixels(warp(wing), 0.0), shade(paint, 0.7))


def draw_in_front(canvas: Canvas, kind: CarKind, view: View, warp: Shape, accent: Color) -> None:
    """Draw the features on the near side of the body."""
    if "stripe" in kind.features:
        stripe = box(0.06, 0.95, kind.length - 0.06, 1.2)
        canvas.polygon(view.pixels(warp(stripe)), accent)
    if "bed" in kind.features:
        edge = points([(0.0, 1.05), (2.2, 1.05)])
        canvas.line(view.pixels(warp(edge)), RUBBER, 0.06 * view.scale)
    if "sliding rail" in kind.features:
        rail = points([(0.3, 1.28), (2.8, 1.28)])
        canvas.line(view.pixels(warp(rail)), (60, 62, 66), 0.035 * view.scale)


def _open_top(canvas: Canvas, view: View, warp: Shape) -> None:
    folded = rounded(points([(0.72, 0.86), (0.76, 1.04), (1.12, 1.04), (1.2, 0.84)]), 0.08)
    screen = points([(2.6, 0.9), (2.22, 1.3)])
    for across in (0.8, 0.15):
        seat = points([(1.4, 0.8), (1.3, 1.16), (1.48, 1.2), (1.62, 0.8)])
        canvas.polygon(view.pixels(warp(rounded(seat, 0.06)), across), LEATHER)
    far, near = view.pixels(warp(screen), 0.9), view.pixels(warp(screen), 0.05)
    pane = points([tuple(far[0]), tuple(far[1]), tuple(near[1]), tuple(near[0])])
    canvas.blend(pane, GLASS, 0.65)
    for edge in (far, near, points([tuple(far[1]), tuple(near[1])])):
        canvas.line(edge, RUBBER, 0.06 * view.scale)
    canvas.polygon(view.pixels(warp(folded)), RUBBER)
