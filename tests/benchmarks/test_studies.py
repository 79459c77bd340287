"""What a comparison of two ways of training says, and that its chart can be read."""

from xml.etree import ElementTree

from benchmarks.studies.chart import draw
from benchmarks.studies.comparisons import Comparison, Way


def comparison() -> Comparison:
    usual = Way("from <scratch>", [[0.1, 0.2, 0.15], [0.1, 0.25, 0.25]], 2.0)
    other = Way("fine-tuned", [[0.3, 0.4, 0.45]], 3.0)
    return Comparison(usual, other, {"train": 10})


def test_the_last_epoch_counts_not_the_best_and_only_seeds_of_both() -> None:
    assert comparison().usual.reached == [0.15, 0.25]
    assert comparison().gains == [0.3]


def test_a_way_is_what_its_histories_tell() -> None:
    histories = [
        {"validation_accuracy": [0.1, 0.2], "epoch_seconds": [5.0, 1.0]},
        {"validation_accuracy": [0.3, 0.1], "epoch_seconds": [1.2, 1.4]},
    ]
    assert Way.of("a", histories) == Way("a", [[0.1, 0.2], [0.3, 0.1]], 1.0)


def test_the_chart_is_an_image_that_names_both_ways_and_shows_each_seed() -> None:
    svg = ElementTree.fromstring(draw(comparison()))
    texts = [element.text for element in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert "From <scratch> 20 % against fine-tuned 45 %" in texts
    lines = [each.get("class", "") for each in svg.iter("{http://www.w3.org/2000/svg}path")]
    seeds = [line for line in lines if "seed" in line]
    assert [line.count("training") for line in seeds] == [1, 1, 0]
