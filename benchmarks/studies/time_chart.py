"""Validation accuracy against processor time, as an SVG file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from include.image_classification.training.loop.curve import (
    BOTTOM,
    STYLE,
    TOP,
    axis_limit,
    percent,
    render_svg,
    spread_labels,
    text,
)

WIDTH, LEFT, RIGHT = 720, 84, 560
HIGHEST = 1.0
COLORS = ("#2b5fc4", "#c98a12", "#2a8a57", "#b23a5b")
"""Colours that differ from each other on light and dark ground."""

Point = tuple[float, float]
"""Minutes and accuracy."""


def draw_by_time(lines: Mapping[str, Sequence[Point]], title: str) -> str:
    """Return an SVG with a line for each recipe.

    Args:
        lines: Points by the recipe's name, at most four recipes.
        title: The title.
    """
    limit = axis_limit(max(minutes for line in lines.values() for minutes, _ in line))
    parts = [
        f'<rect class="panel" x="24" y="60" rx="12" width="672" height="{BOTTOM - 2}"/>',
        text(44, 86, "Validation accuracy", "head"),
        *_axes(limit),
    ]
    styles = {name: f"line{number}" for number, name in enumerate(lines)}
    for name, line in lines.items():
        points = "L".join(f"{_x(x, limit):.1f} {_y(y):.1f}" for x, y in line)
        parts.append(f'<path class="curve {styles[name]}" d="M{points}"/>')
    ends = spread_labels([(_y(line[-1][1]), name) for name, line in lines.items()])
    parts += [text(RIGHT + 10, y + 4, name, styles[name]) for y, name in ends]
    colors = "".join(
        f".{style} {{ stroke: {color}; }} text.{style} {{ fill: {color}; stroke: none; }}\n"
        for style, color in zip(styles.values(), COLORS, strict=False)
    )
    return render_svg(WIDTH, title, title, parts, STYLE + colors)


def _axes(limit: float) -> list[str]:
    parts = []
    for step in range(5):
        y, x = _y(HIGHEST * step / 4), _x(limit * step / 4, limit)
        parts += [
            f'<path class="grid" d="M{LEFT} {y:.1f}H{RIGHT}"/>',
            text(LEFT - 10, y + 4, percent(HIGHEST * step / 4), anchor="end"),
            text(x, BOTTOM + 20, f"{limit * step / 4:.3g}", anchor="middle"),
        ]
    label = "minutes of one processor"
    return [*parts, text((LEFT + RIGHT) / 2, BOTTOM + 40, label, anchor="middle")]


def _x(minutes: float, limit: float) -> float:
    return LEFT + minutes / limit * (RIGHT - LEFT)


def _y(accuracy: float) -> float:
    return BOTTOM - accuracy / HIGHEST * (BOTTOM - TOP)
