"""Comparisons of training methods, and their charts."""

from xml.etree import ElementTree

from benchmarks.studies.chart import draw
from benchmarks.studies.comparisons import Comparison, Method


def comparison() -> Comparison:
    baseline = Method("from <scratch>", [[0.1, 0.2, 0.15], [0.1, 0.25, 0.25]], 2.0)
    other = Method("fine-tuned", [[0.3, 0.4, 0.45]], 3.0)
    return Comparison(baseline, other, {"train": 10})


def test_gains_use_the_last_epoch_and_the_seeds_of_both_methods() -> None:
    assert comparison().baseline.final_accuracy == [0.15, 0.25]
    assert comparison().gains == [0.3]


def test_a_method_is_created_from_its_histories() -> None:
    histories = [
        {"validation_accuracy": [0.1, 0.2], "epoch_seconds": [5.0, 1.0]},
        {"validation_accuracy": [0.3, 0.1], "epoch_seconds": [1.2, 1.4]},
    ]
    expected = Method("a", [[0.1, 0.2], [0.3, 0.1]], 1.0)
    assert Method.from_histories("a", histories) == expected


def test_the_chart_names_both_methods_and_shows_each_seed() -> None:
    svg = ElementTree.fromstring(draw(comparison()))
    texts = [element.text for element in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert "From <scratch> 20 % against fine-tuned 45 %" in texts
    lines = [path.get("class", "") for path in svg.iter("{http://www.w3.org/2000/svg}path")]
    seeds = [line for line in lines if "seed" in line]
    assert [line.count("training") for line in seeds] == [1, 1, 0]
