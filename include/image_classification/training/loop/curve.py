"""Training curves: accuracy and loss by epoch, as an SVG file."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 960, 446
TOP, BOTTOM = 112, 372
MAX_POINTS = 400

STYLE = """
svg { --ground: #f5f4f1; --card: #ffffff; --ink: #1d1f23; --soft: #63666e; --line: #e2e0da;
  --train: #c98a12; --validation: #2b5fc4; color-scheme: light dark;
  font: 13px system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; }
@media (prefers-color-scheme: dark) {
  svg { --ground: #15171a; --card: #1e2125; --ink: #eceae5; --soft: #a0a3aa; --line: #30343a;
    --train: #e0aa3e; --validation: #7ea6f4; } }
text { fill: var(--soft); font-variant-numeric: tabular-nums; }
.title { fill: var(--ink); font-size: 20px; font-weight: 650; }
.panel { fill: var(--card); stroke: var(--line); }
.grid { stroke: var(--line); }
.head { fill: var(--ink); font-weight: 600; }
.curve { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.training { stroke: var(--train); } .validation { stroke: var(--validation); }
text.training { fill: var(--train); stroke: none; }
text.validation { fill: var(--validation); stroke: none; }
.best { fill: var(--card); stroke: var(--validation); stroke-width: 2; }
"""


@dataclass(frozen=True)
class Panel:
    """The position and the axes of a plot."""

    left: int
    right: int
    name: str
    epochs: int
    top: float
    """The value at the plot's upper edge; the lower edge is 0."""
    format_value: Callable[[float], str]
    """Formats a value for the axis."""

    def x(self, epoch: float) -> float:
        """Return the x coordinate of an epoch, from 1."""
        share = (epoch - 1) / (self.epochs - 1) if self.epochs > 1 else 0.5
        return self.left + share * (self.right - self.left)

    def y(self, value: float) -> float:
        """Return the y coordinate of a value; a value above the axis is drawn at its end."""
        return BOTTOM - min(value / self.top, 1.0) * (BOTTOM - TOP)


def draw_curve(
    accuracy: dict[str, Sequence[float]], loss: dict[str, Sequence[float]], best: int
) -> str:
    """Return an SVG with both plots, which follows the reader's light or dark mode.

    Args:
        accuracy: The accuracy of each epoch, for `training` and `validation`.
        loss: The mean cross-entropy of each epoch; values that are not finite are left out.
        best: The epoch of the best model, from 1.
    """
    epochs = max(map(len, (*accuracy.values(), *loss.values())))
    plots = [
        _plot(_panel(84, 372, "Accuracy", epochs, accuracy, percent), accuracy, best),
        _plot(_panel(556, 844, "Cross-entropy", epochs, loss, _decimal), loss, 0),
    ]
    best_accuracy = (
        accuracy["validation"][best - 1] if 0 < best <= len(accuracy["validation"]) else 0.0
    )
    title = f"Validation accuracy {best_accuracy * 100:.1f} %, best after epoch {best}"
    return render_svg(WIDTH, f"Training curve: {title}", title, plots)


def render_svg(width: int, name: str, title: str, parts: Sequence[str], style: str = STYLE) -> str:
    """Return an SVG of HEIGHT and this width; `name` is its accessible name."""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" role="img">',
            f"<title>{escape(name)}</title>",
            f"<style>{style}</style>",
            f'<rect width="{width}" height="{HEIGHT}" style="fill: var(--ground)"/>',
            text(24, 40, title, "title"),
            *parts,
            "</svg>",
            "",
        ]
    )


def _panel(
    left: int,
    right: int,
    name: str,
    epochs: int,
    lines: dict[str, Sequence[float]],
    format_value: Callable[[float], str],
) -> Panel:
    values = [value for line in lines.values() for value in line if math.isfinite(value)]
    return Panel(left, right, name, epochs, axis_limit(max(values, default=1.0)), format_value)


def _plot(panel: Panel, lines: dict[str, Sequence[float]], best: int) -> str:
    card = (
        f'<rect class="panel" x="{panel.left - 60}" y="60" rx="12" '
        f'width="{panel.right - panel.left + 152}" height="{HEIGHT - 76}"/>'
    )
    parts = [card, text(panel.left - 40, 86, panel.name, "head"), *axes(panel)]
    ends = spread_labels(
        [(panel.y(line[-1]), name) for name, line in lines.items() if _has_end(line)]
    )
    for name, line in lines.items():
        parts.append(f'<path class="curve {name}" d="{path(panel, line)}"/>')
    parts += [text(panel.right + 10, y + 4, name, name) for y, name in ends]
    if best:
        x, y = panel.x(best), panel.y(lines["validation"][best - 1])
        parts.append(f'<circle class="best" cx="{x:.1f}" cy="{y:.1f}" r="4.5"/>')
    return f"<g>{''.join(parts)}</g>"


def axes(panel: Panel) -> list[str]:
    """Return the SVG elements of a panel's axes, with their values."""
    parts = []
    for step in range(5):
        value = panel.top * step / 4
        y = panel.y(value)
        parts.append(
            f'<path class="grid" d="M{panel.left} {y:.1f}H{panel.right}"/>'
            + text(panel.left - 10, y + 4, panel.format_value(value), anchor="end")
        )
    for epoch in _ticks(panel.epochs):
        parts.append(text(panel.x(epoch), BOTTOM + 20, str(epoch), anchor="middle"))
    parts.append(text((panel.left + panel.right) / 2, BOTTOM + 40, "epoch", anchor="middle"))
    return parts


def path(panel: Panel, line: Sequence[float]) -> str:
    """Return the data of an SVG path through a line's values."""
    stride = -(-len(line) // MAX_POINTS)
    chosen = [n for n in range(len(line)) if n % stride == 0 or n == len(line) - 1]
    points = [
        f"{panel.x(n + 1):.1f} {panel.y(line[n]):.1f}" for n in chosen if math.isfinite(line[n])
    ]
    # A path of a single point is invisible; drawn twice, the point is a dot.
    return "M" + "L".join(points if len(points) != 1 else points * 2) if points else ""


def _has_end(line: Sequence[float]) -> bool:
    return bool(line) and math.isfinite(line[-1])


def spread_labels(ends: list[tuple[float, str]]) -> list[tuple[float, str]]:
    """Move labels down so that they do not overlap."""
    moved: list[tuple[float, str]] = []
    for y, name in sorted(ends):
        moved.append((max(y, moved[-1][0] + 16) if moved else y, name))
    return moved


def _ticks(epochs: int) -> list[int]:
    if epochs <= 6:
        return list(range(1, epochs + 1))
    return sorted({1, *(round(epochs * quarter / 4) for quarter in (1, 2, 3, 4))})


def axis_limit(value: float) -> float:
    """Return the smallest of 0.1, 0.2, 0.4, 0.6, 0.8, 1, 2, 4 ... that is not below the value."""
    if value <= 0:
        return 1.0
    # Below 1e-300, the power of ten would underflow to 0.
    power = 10.0 ** max(-300, math.floor(math.log10(value)))
    return next(m * power for m in (1, 2, 4, 6, 8, 10) if m * power >= value * 0.9999)


def percent(value: float) -> str:
    """Format a share as a percentage."""
    return f"{value * 100:.3g} %"


def _decimal(value: float) -> str:
    return f"{value:.3g}"


def text(x: float, y: float, content: str, style: str = "", anchor: str = "start") -> str:
    """Return an SVG text element; `style` is a class of STYLE."""
    cls = f' class="{style}"' if style else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{cls}>{escape(content)}</text>'
