"""Curves of two training methods, as an SVG file."""

from __future__ import annotations

import statistics

from benchmarks.studies.comparisons import Comparison, Method
from include.image_classification.training.loop.curve import (
    BOTTOM,
    STYLE,
    Panel,
    axes,
    axis_limit,
    path,
    percent,
    render_svg,
    spread_labels,
    text,
)

WIDTH = 720
SEEDS_STYLE = ".seed { stroke-width: 1; opacity: 0.45; }"


def draw(comparison: Comparison) -> str:
    """Return an SVG with a thin line for the validation accuracy of each seed, and a bold mean."""
    methods = {"training": comparison.baseline, "validation": comparison.other}
    curves = [curve for method in methods.values() for curve in method.curves]
    top = axis_limit(max(max(curve) for curve in curves))
    panel = Panel(84, 560, "Validation accuracy", max(map(len, curves)), top, percent)
    title = " against ".join(
        f"{method.name} {percent(_mean(method.final_accuracy))}" for method in methods.values()
    )
    ends = spread_labels(
        [(panel.y(_means(method)[-1]), style) for style, method in methods.items()]
    )
    lines = [_lines(panel, method, style) for style, method in methods.items()]
    labels = [text(panel.right + 10, y + 4, methods[style].name, style) for y, style in ends]
    card = f'<rect class="panel" x="24" y="60" rx="12" width="672" height="{BOTTOM - 2}"/>'
    parts = [card, text(44, 86, panel.name, "head"), *axes(panel), *lines, *labels]
    heading = title[0].upper() + title[1:]
    return render_svg(WIDTH, title, heading, parts, STYLE + SEEDS_STYLE)


def _lines(panel: Panel, method: Method, style: str) -> str:
    seeds = [
        f'<path class="curve seed {style}" d="{path(panel, curve)}"/>' for curve in method.curves
    ]
    return "".join([*seeds, f'<path class="curve {style}" d="{path(panel, _means(method))}"/>'])


def _means(method: Method) -> list[float]:
    return [_mean(values) for values in zip(*method.curves, strict=True)]


def _mean(values: list[float] | tuple[float, ...]) -> float:
    return statistics.fmean(values)
