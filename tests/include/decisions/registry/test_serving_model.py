"""The champion is what the endpoint really serves."""

from typing import Any

import pytest

from include.decisions.registry.serving_model import find_serving_model


def test_the_way_from_endpoint_to_package(sagemaker: Any, registry: Any) -> None:
    registry.serves(4)
    registry.describes(4, top1="0.8")
    champion = find_serving_model(sagemaker.client, "stanford-cars")
    assert champion is not None
    assert (champion.endpoint_config, champion.model) == ("config-1", "model-1")
    assert champion.package is not None
    assert champion.package.metadata["top1"] == "0.8"


def test_no_endpoint_no_champion(sagemaker: Any, registry: Any) -> None:
    registry.serves_nothing()
    assert find_serving_model(sagemaker.client, "stanford-cars") is None


@pytest.mark.parametrize("status", ["Creating", "Failed"])
def test_an_endpoint_that_never_served_has_none(sagemaker: Any, registry: Any, status: str) -> None:
    registry.serves(None, status)
    assert find_serving_model(sagemaker.client, "stanford-cars") is None


def test_a_model_from_outside_the_registry_has_no_package(sagemaker: Any, registry: Any) -> None:
    registry.serves(None)
    champion = find_serving_model(sagemaker.client, "stanford-cars")
    assert champion is not None
    assert champion.package is None


def test_an_error_of_aws_is_not_taken_for_no_endpoint(sagemaker: Any) -> None:
    sagemaker.refuse("describe_endpoint", "ThrottlingException", "Rate exceeded")
    with pytest.raises(sagemaker.client.exceptions.ClientError, match="Rate exceeded"):
        find_serving_model(sagemaker.client, "stanford-cars")
