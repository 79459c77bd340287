"""The trigger form shows the value that an empty field means."""

from pathlib import Path
from typing import Any

from dag_factory.params import empty_means
from include.config import find_pipeline


def test_an_empty_hyperparameter_means_the_pipelines_value(pipelines_folder: Path) -> None:
    (pipelines_folder / "flowers.yaml").write_text(
        "source: {layout: class_folders}\n"
        "training: {hyperparameters: {epochs: 12}}\n"
        "deployments: {dev: {training: {hyperparameters: {epochs: 2}}}}\n"
    )
    flowers = find_pipeline("flowers")
    assert empty_means(flowers, "epochs") == "Empty: 12 (in deployment dev: 2)."
    rate = flowers.training.hyperparameters.learning_rate
    assert empty_means(flowers, "learning_rate") == f"Empty: {rate}."


def test_each_field_says_what_empty_means(dag_bag: Any) -> None:
    for dag_id, dag in dag_bag.dags.items():
        for name, value in dag.params.dump().items():
            description = dag.params.get_param(name).description
            assert value is False or "Empty: " in description, f"{dag_id}: {name}"


def test_a_hyperparameter_has_examples_or_a_list_of_values(dag_bag: Any) -> None:
    params = dag_bag.dags["merch__nightly_training"].params
    for name in ("epochs", "num_layers", "learning_rate"):
        schema = params.get_param(name).schema
        assert schema.get("examples") or schema.get("enum")
