"""A night goes on from the model that serves, where the pipeline says so and it can."""

import pytest

from include.config import Pipeline, find_pipeline
from include.decisions.registry.packages import Package
from include.decisions.training.warm_start import TrainingStart, choose_start, network_name

TOLD = {"num_layers": "18", "image_shape": "3,64,64", "num_classes": "5"}
NETWORK = network_name("own", TOLD)


def night(start_from: str | None = "champion") -> Pipeline:
    local = find_pipeline("stanford_cars", "local")
    training = local.training.model_copy(update={"start_from": start_from})
    return local.model_copy(update={"training": training})


def champion(**metadata: str) -> Package:
    return Package("arn:x/4", "Approved", "image:1", "s3://b/m.tar.gz", metadata)


def test_the_champion_is_gone_on_from() -> None:
    start = choose_start(champion(network=NETWORK, training_job="job-4"), night(), TOLD, NETWORK)
    assert start == TrainingStart("champion 4 job-4", "s3://b/m.tar.gz", "arn:x/4")


@pytest.mark.parametrize("metadata", [{}, {"network": "torchvision resnet-50 3x64x64 5 classes"}])
def test_a_champion_of_another_network_is_not(metadata: dict[str, str]) -> None:
    """A night after a change of num_layers must not fail until somebody notices."""
    start = choose_start(champion(**metadata), night(), TOLD, NETWORK)
    assert start.model_uri is None
    assert start.text.startswith("scratch, since champion 4 is ")
    assert NETWORK in start.text


def test_without_a_champion_the_first_night_starts_as_the_hyperparameters_say() -> None:
    told = {**TOLD, "use_pretrained_model": "1", "pretrained_model_sha256": "a" * 64}
    start = choose_start(None, night(), told, NETWORK)
    assert start == TrainingStart(f"pretrained {'a' * 64}, since no model is approved yet")


@pytest.mark.parametrize("start_from", [None, "scratch"])
def test_others_do_not_go_on_from_it(start_from: str | None) -> None:
    assert choose_start(
        champion(network=NETWORK), night(start_from), TOLD, NETWORK
    ) == TrainingStart("scratch")


def test_a_network_is_named_by_all_that_must_match_and_survives_metadata() -> None:
    from include.sagemaker_requests.package import metadata

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
