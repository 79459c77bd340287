"""The study of fine-tuning."""

from pathlib import Path

import pytest

from benchmarks.studies.fine_tuning import PRETRAINED, RECIPES, Recipe, curve, train_recipes
from include.image_classification.training.hyperparameters import parse


def test_the_curve_has_the_accuracy_after_the_seconds_of_the_job() -> None:
    history = {"epoch_seconds": [1, 3], "validation_accuracy": [0.25, 0.5], "seconds": 8}
    assert curve(history) == [[2, 0.25], [8, 0.5]]


def test_an_unknown_recipe_is_rejected_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="body: there is no such recipe: choose from head"):
        next(train_recipes([], tmp_path, ["body"]))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("way", RECIPES, ids=lambda way: way.name)
def test_the_container_accepts_each_recipe(way: Recipe) -> None:
    values = {**PRETRAINED, **way.changes, "num_classes": 196, "num_training_samples": 4587}
    parse({name: str(value) for name, value in values.items() if value is not None})
