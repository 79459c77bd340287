"""Tests of `find_serving_model`."""

from typing import Any

import pytest

from include.decisions.registry.serving_model import find_serving_model


def test_the_serving_package_is_found_by_the_endpoint(sagemaker: Any, registry: Any) -> None:
    registry.serves(4)
    registry.describes(4, top1="0.8")
    serving = find_serving_model(sagemaker.client, "stanford-cars")
    assert serving is not None
    assert (serving.endpoint_config, serving.model) == ("config-1", "model-1")
    assert serving.package is not None
    assert serving.package.metadata["top1"] == "0.8"


def test_without_an_endpoint_no_model_serves(sagemaker: Any, registry: Any) -> None:
    registry.serves_nothing()
    assert find_serving_model(sagemaker.client, "stanford-cars") is None


@pytest.mark.parametrize("status", ["Creating", "Failed"])
def test_an_endpoint_that_has_never_served_has_no_model(
    sagemaker: Any, registry: Any, status: str
) -> None:
    registry.serves(None, status)
    assert find_serving_model(sagemaker.client, "stanford-cars") is None


def test_a_model_from_outside_the_registry_has_no_package(sagemaker: Any, registry: Any) -> None:
    registry.serves(None)
    serving = find_serving_model(sagemaker.client, "stanford-cars")
    assert serving is not None
    assert serving.package is None


def test_an_error_of_aws_is_raised(sagemaker: Any) -> None:
    sagemaker.refuse("describe_endpoint", "ThrottlingException", "Rate exceeded")
    with pytest.raises(sagemaker.client.exceptions.ClientError, match="Rate exceeded"):
        find_serving_model(sagemaker.client, "stanford-cars")
