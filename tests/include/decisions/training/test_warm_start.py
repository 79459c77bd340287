"""Tests of the starting weights of a training."""

import pytest

from include.config import Pipeline, find_pipeline
from include.contracts.pretrained_weights import find_published
from include.decisions.registry.packages import Package
from include.decisions.training.warm_start import TrainingStart, choose_start, network_name

HYPERPARAMETERS = {"num_layers": "18", "image_shape": "3,64,64", "num_classes": "5"}
NETWORK = network_name("custom", HYPERPARAMETERS)


def cars(start_from: str | None = "champion") -> Pipeline:
    local = find_pipeline("stanford_cars", "local")
    training = local.training.model_copy(update={"start_from": start_from})
    return local.model_copy(update={"training": training})


def champion(**metadata: str) -> Package:
    return Package("arn:x/4", "Approved", "image:1", "s3://b/m.tar.gz", metadata)


def test_training_starts_from_the_champion() -> None:
    start = choose_start(
        champion(network=NETWORK, training_job="job-4"), cars(), HYPERPARAMETERS, NETWORK
    )
    assert start == TrainingStart("champion 4 job-4", "s3://b/m.tar.gz", "arn:x/4")


@pytest.mark.parametrize("metadata", [{}, {"network": "torchvision resnet-50 3x64x64 5 classes"}])
def test_training_does_not_start_from_a_champion_of_another_network(
    metadata: dict[str, str],
) -> None:
    """After a change of num_layers the next run must train, and not fail."""
    start = choose_start(champion(**metadata), cars(), HYPERPARAMETERS, NETWORK)
    assert start.model_uri is None
    assert start.text.startswith("scratch, since champion 4 is ")
    assert NETWORK in start.text


def test_without_a_champion_training_starts_as_the_hyperparameters_say() -> None:
    pretrained = {
        **HYPERPARAMETERS,
        "use_pretrained_model": "1",
        "pretrained_model_sha256": "a" * 64,
    }
    start = choose_start(None, cars(), pretrained, NETWORK)
    assert start == TrainingStart(f"pretrained {'a' * 64}, since no model is approved yet")


def test_published_weights_are_named_by_their_hash() -> None:
    pretrained = {**HYPERPARAMETERS, "use_pretrained_model": "1", "num_layers": "18"}
    published = find_published("torchvision", 18)
    assert published is not None
    start = choose_start(None, cars(None), pretrained, NETWORK)
    assert start.text == f"pretrained {published.file_name}"


def test_a_network_without_num_layers_may_have_published_weights() -> None:
    pretrained = {"num_classes": "196", "image_shape": "3,64,64", "use_pretrained_model": "1"}
    published = find_published("efficientnet_lite0", 0)
    assert published
    start = choose_start(None, cars(None), {**pretrained, "network": "efficientnet_lite0"}, NETWORK)
    assert start.text == f"pretrained {published.file_name}"


def test_the_weights_of_the_built_in_algorithm_have_no_hash() -> None:
    pretrained = {**HYPERPARAMETERS, "use_pretrained_model": "1", "num_layers": "18"}
    start = choose_start(None, find_pipeline("stanford_cars"), pretrained, NETWORK)
    assert start.text == "pretrained"


@pytest.mark.parametrize("start_from", [None, "scratch"])
def test_without_start_from_champion_training_starts_from_scratch(start_from: str | None) -> None:
    assert choose_start(
        champion(network=NETWORK), cars(start_from), HYPERPARAMETERS, NETWORK
    ) == TrainingStart("scratch")


def test_a_networks_name_has_all_that_must_match_and_can_be_stored_as_metadata() -> None:
    from include.sagemaker_requests.package import metadata

    changes = [
        {},
        {"num_layers": "34"},
        {"image_shape": "3,96,64"},
        {"num_classes": "6"},
        {"network": "mxnet"},
    ]
    names = {network_name("custom", {**HYPERPARAMETERS, **change}) for change in changes}
    assert len(names) == len(changes)
    other = {"image_shape": "3,64,64", "num_classes": "5", "network": "efficientnet_lite0"}
    efficientnet = network_name("custom", other)
    assert efficientnet == "efficientnet_lite0 3x64x64 5 classes"
    assert metadata({"network": efficientnet}) == {"network": efficientnet}
    assert network_name("built-in", HYPERPARAMETERS) not in names
    assert metadata({"network": NETWORK}) == {"network": NETWORK}
