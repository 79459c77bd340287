"""The study of fine-tuning."""

from pathlib import Path

import pytest

from benchmarks.studies.fine_tuning import PRETRAINED, RECIPES, Recipe, train_recipes
from include.image_classification.training.hyperparameters import parse


def test_an_unknown_recipe_is_rejected_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="body: there is no such recipe: choose from head"):
        next(train_recipes([], tmp_path, ["body"]))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("way", RECIPES, ids=lambda way: way.name)
def test_the_container_accepts_each_recipe(way: Recipe) -> None:
    values = {**PRETRAINED, **way.changes, "num_classes": 196, "num_training_samples": 4587}
    parse({name: str(value) for name, value in values.items() if value is not None})
