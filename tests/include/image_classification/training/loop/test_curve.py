"""Training curves."""

import math
import re
import xml.etree.ElementTree as ET

from hypothesis import example, given
from hypothesis import strategies as st

from include.image_classification.training.loop.curve import MAX_POINTS, draw_curve

SVG = "{http://www.w3.org/2000/svg}"


def curves(svg: str) -> list[list[tuple[float, float]]]:
    """Return the points of each line, in the SVG's coordinates."""
    paths = [
        path for path in ET.fromstring(svg).iter(f"{SVG}path") if "curve" in path.get("class", "")
    ]
    return [
        [(float(x), float(y)) for x, y in re.findall(r"([\d.-]+) ([\d.-]+)", path.get("d", ""))]
        for path in paths
    ]


def drawn(accuracy: list[float], loss: list[float], best: int) -> str:
    return draw_curve(
        {"training": accuracy, "validation": accuracy}, {"training": loss, "validation": loss}, best
    )


def test_the_svg_shows_accuracies_and_losses_and_the_best_epoch() -> None:
    svg = draw_curve(
        {"training": [0.1, 0.6, 0.9], "validation": [0.2, 0.5, 0.4]},
        {"training": [2.0, 1.0, 0.5], "validation": [2.1, 1.2, 1.3]},
        best=2,
    )
    texts = [text.text for text in ET.fromstring(svg).iter(f"{SVG}text")]
    labels = {"Accuracy", "Cross-entropy", "epoch", "training", "validation", "1", "2", "3"}
    assert labels <= set(texts)
    assert "Validation accuracy 50.0 %, best after epoch 2" in texts
    training, validation, falling, _ = curves(svg)
    assert [y for _, y in training] == sorted([y for _, y in training], reverse=True)  # upwards
    assert validation[1][1] < validation[2][1]
    assert [y for _, y in falling] == sorted(y for _, y in falling)
    assert "prefers-color-scheme: dark" in svg


def test_the_number_of_points_is_limited() -> None:
    svg = drawn([n / 5000 for n in range(5000)], [1.0] * 5000, best=5000)
    assert all(len(line) <= MAX_POINTS + 1 for line in curves(svg))


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=40),
    st.lists(st.floats(min_value=0), min_size=1, max_size=40) | st.just([math.nan]) | st.just([]),
)
@example([5e-324], [math.nan])
def test_all_points_are_within_the_plots(accuracy: list[float], loss: list[float]) -> None:
    """Also for an overflowed loss, one epoch, or the history of an older version without losses."""
    for line in curves(drawn(accuracy, loss, best=len(accuracy))):
        assert all(0 <= x <= 960 and 100 <= y <= 400 for x, y in line)
