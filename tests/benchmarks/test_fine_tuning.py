"""The study of fine-tuning."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.studies.fine_tuning import (
    CHARTED,
    PRETRAINED,
    RECIPES,
    Recipe,
    accuracy_by_time,
    train_recipes,
)
from benchmarks.studies.time_chart import draw_by_time
from include.image_classification.training.hyperparameters import parse


def test_an_unknown_recipe_is_rejected_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="body: there is no such recipe: choose from head"):
        next(train_recipes([], tmp_path, ["body"]))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("way", RECIPES, ids=lambda way: way.name)
def test_the_container_accepts_each_recipe(way: Recipe) -> None:
    values = {**PRETRAINED, **way.changes, "num_classes": 196, "num_training_samples": 4587}
    parse({name: str(value) for name, value in values.items() if value is not None})


def test_the_time_of_an_epoch_includes_what_came_before() -> None:
    result = {
        "seconds": 120.0,
        "cpu_seconds": 240.0,
        "epoch_seconds": [30.0, 60.0],
        "validation_accuracy": [0.2, 0.5],
    }
    assert accuracy_by_time(result) == [(2.0, 0.2), (4.0, 0.5)]


def test_the_chart_by_time_has_a_line_for_each_recipe() -> None:
    lines = {"all <stages>": [(1.0, 0.2), (40.0, 0.8)], "head": [(2.0, 0.6)]}
    svg = ElementTree.fromstring(draw_by_time(lines, "Accuracy"))
    texts = [element.text for element in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert {"all <stages>", "head", "minutes of one processor"} < set(texts)
    paths = [path.get("class", "") for path in svg.iter("{http://www.w3.org/2000/svg}path")]
    assert [path for path in paths if "curve" in path] == ["curve line0", "curve line1"]


def test_the_charted_recipes_exist() -> None:
    assert set(CHARTED) <= {way.name for way in RECIPES}
