"""Tests of model packages in the registry."""

from typing import Any

import pytest

from include.decisions.registry.packages import (
    RegistryError,
    newest_approved,
    package_to_serve,
)


def test_newest_approved_returns_the_first_listed_package(sagemaker: Any, registry: Any) -> None:
    registry.lists(7, 5, ModelApprovalStatus="Approved")
    registry.describes(7, training_job="job-7")
    package = newest_approved(sagemaker.client, "stanford-cars")
    assert package is not None
    assert (package.version, package.metadata["training_job"]) == ("7", "job-7")


def test_a_version_that_is_not_approved_raises(sagemaker: Any, registry: Any) -> None:
    registry.lists(2, 1)
    registry.describes(1, approval="Rejected")
    with pytest.raises(RegistryError, match=r"version 1 .* is Rejected: approve it"):
        package_to_serve(sagemaker.client, "stanford-cars", 1)


def test_a_version_that_does_not_exist_raises(sagemaker: Any, registry: Any) -> None:
    registry.lists(2, 1)
    with pytest.raises(RegistryError, match="has no version 9"):
        package_to_serve(sagemaker.client, "stanford-cars", 9)
