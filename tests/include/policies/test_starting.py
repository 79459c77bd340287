"""A night goes on from the model that serves, where the pipeline says so and it can."""

from typing import Any

import pytest

from include.pipeline import Pipeline, find_pipeline
from include.policies.starting import Start, find_start, network_name

TOLD = {"num_layers": "18", "image_shape": "3,64,64", "num_classes": "5"}
NETWORK = network_name("own", TOLD)


def night(start_from: str | None = "champion") -> Pipeline:
    local = find_pipeline("stanford_cars", "local")
    training = local.training.model_copy(update={"start_from": start_from})
    return local.model_copy(update={"training": training})


def test_the_champion_is_gone_on_from(sagemaker: Any, registry: Any) -> None:
    registry.serves(4)
    registry.describes(4, network=NETWORK, training_job="job-4")
    start = find_start(sagemaker.client, night(), TOLD, NETWORK)
    assert start == Start("champion 4 job-4", "s3://b/m.tar.gz")


@pytest.mark.parametrize("metadata", [{}, {"network": "torchvision resnet-50 3x64x64 5 classes"}])
def test_a_champion_of_another_network_is_not(
    sagemaker: Any, registry: Any, metadata: dict[str, str]
) -> None:
    """A night after a change of num_layers must not fail until somebody notices."""
    registry.serves(4)
    registry.describes(4, **metadata)
    start = find_start(sagemaker.client, night(), TOLD, NETWORK)
    assert start.model_uri is None
    assert start.text.startswith("scratch, since champion 4 is ")
    assert NETWORK in start.text


def test_without_a_champion_the_first_night_starts_as_the_hyperparameters_say(
    sagemaker: Any, registry: Any
) -> None:
    registry.serves_nothing()
    told = {**TOLD, "use_pretrained_model": "1", "pretrained_model_sha256": "a" * 64}
    start = find_start(sagemaker.client, night(), told, NETWORK)
    assert start == Start(f"pretrained {'a' * 64}, since no registered model serves yet")


@pytest.mark.parametrize("start_from", [None, "scratch"])
def test_others_do_not_ask_what_serves(sagemaker: Any, start_from: str | None) -> None:
    assert find_start(sagemaker.client, night(start_from), TOLD, NETWORK) == Start("scratch")


def test_a_network_is_named_by_all_that_must_match_and_survives_metadata() -> None:
    from include.pipeline.requests.package import metadata

    changes = [
        {},
        {"num_layers": "34"},
        {"image_shape": "3,96,64"},
        {"num_classes": "6"},
        {"network": "mxnet"},
    ]
    names = {network_name("own", {**TOLD, **change}) for change in changes}
    assert len(names) == len(changes)
    assert network_name("built-in", TOLD) not in names
    assert metadata({"network": NETWORK}) == {"network": NETWORK}
