"""The curves of two ways of training, as one SVG file."""

from __future__ import annotations

import statistics

from benchmarks.studies.comparisons import Comparison, Way
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
    """Return an SVG: each seed's validation accuracy thin, their mean bold."""
    ways = {"training": comparison.usual, "validation": comparison.other}
    curves = [curve for way in ways.values() for curve in way.curves]
    top = axis_limit(max(max(curve) for curve in curves))
    panel = Panel(84, 560, "Validation accuracy", max(map(len, curves)), top, percent)
    title = " against ".join(f"{way.name} {percent(_mean(way.reached))}" for way in ways.values())
    ends = spread_labels([(panel.y(_means(way)[-1]), style) for style, way in ways.items()])
    lines = [_lines(panel, way, style) for style, way in ways.items()]
    labels = [text(panel.right + 10, y + 4, ways[style].name, style) for y, style in ends]
    card = f'<rect class="panel" x="24" y="60" rx="12" width="672" height="{BOTTOM - 2}"/>'
    parts = [card, text(44, 86, panel.name, "head"), *axes(panel), *lines, *labels]
    heading = title[0].upper() + title[1:]
    return render_svg(WIDTH, title, heading, parts, STYLE + SEEDS_STYLE)


def _lines(panel: Panel, way: Way, style: str) -> str:
    seeds = [f'<path class="curve seed {style}" d="{path(panel, curve)}"/>' for curve in way.curves]
    return "".join([*seeds, f'<path class="curve {style}" d="{path(panel, _means(way))}"/>'])


def _means(way: Way) -> list[float]:
    return [_mean(values) for values in zip(*way.curves, strict=True)]


def _mean(values: list[float] | tuple[float, ...]) -> float:
    return statistics.fmean(values)
