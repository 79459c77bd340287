"""Tests of the choice of the champion and of the model for batches."""

from __future__ import annotations

from typing import Any

import pytest

from include.decisions.promotion.champion import choose_batch_model, choose_champion
from include.storage.layout import Layout
from tests.include.conftest import GROUP
from tests.include.decisions.memory_s3 import MemoryS3

LAYOUT = Layout("some-bucket", "stanford_cars")
HEADER = "key,name,predicted_name,confidence\n"


def predictions(right: int, photos: int = 10) -> bytes:
    """Return the predictions of a model that predicts this many photos right."""
    rows = [f"{n}.jpg,Audi,{'Audi' if n < right else 'BMW'},0.9\n" for n in range(photos)]
    return (HEADER + "".join(rows)).encode()


def best(
    sagemaker: Any,
    registry: Any,
    serves: int | None,
    approved: list[int],
    approval: str = "Approved",
    candidate: str | None = None,
    right: dict[int, int] | None = None,
) -> str | None:
    """Return the champion's number; `right` has the models' numbers of right predictions."""
    if serves is None:
        registry.serves_nothing()
    else:
        registry.serves(serves)
        registry.describes(serves, approval, training_job=f"job-{serves}")
    registry.lists(*approved, ModelApprovalStatus="Approved")
    for version in approved:
        registry.describes(version, training_job=f"job-{version}")
        if f"job-{version}" != candidate:
            break
    s3 = MemoryS3()
    for version, count in (right or {}).items():
        s3.objects[LAYOUT.evaluation_answers(f"job-{version}")] = predictions(count)
    found = choose_champion(s3, sagemaker.client, LAYOUT, GROUP, candidate)
    return found.version if found else None


def test_without_any_model_there_is_no_champion(sagemaker: Any, registry: Any) -> None:
    assert best(sagemaker, registry, None, []) is None


def test_without_an_endpoint_the_newest_approved_package_is_the_champion(
    sagemaker: Any, registry: Any
) -> None:
    """The pipeline may only predict batches, or the endpoint was deleted over a weekend."""
    assert best(sagemaker, registry, None, [4, 2]) == "4"


def test_a_package_that_serves_and_is_the_newest_approved_is_the_champion(
    sagemaker: Any, registry: Any
) -> None:
    assert best(sagemaker, registry, 4, [4, 2]) == "4"


def test_a_candidates_own_package_is_not_the_champion(sagemaker: Any, registry: Any) -> None:
    """The package exists if a user clears the task `judge`."""
    assert best(sagemaker, registry, 4, [4, 2], candidate="job-4") == "2"


def test_if_only_the_candidate_is_approved_there_is_no_champion(
    sagemaker: Any, registry: Any
) -> None:
    assert best(sagemaker, registry, None, [4], candidate="job-4") is None


def test_a_rejected_package_that_serves_is_not_the_champion(sagemaker: Any, registry: Any) -> None:
    assert best(sagemaker, registry, 4, [2], approval="Rejected") == "2"


@pytest.mark.parametrize(
    ("serves", "approved"),
    [(2, [4, 2]), (4, [2])],
    ids=["after a failed update", "after an approval was revoked"],
)
@pytest.mark.parametrize(
    ("right", "champion"),
    [
        ({2: 5, 4: 8}, "4"),
        ({2: 8, 4: 5}, "2"),
        ({2: 5, 4: 5}, "4"),
        ({4: 1}, "4"),
        ({2: 1}, "4"),
    ],
)
def test_of_two_packages_the_better_one_is_the_champion(
    sagemaker: Any,
    registry: Any,
    serves: int,
    approved: list[int],
    right: dict[int, int],
    champion: str,
) -> None:
    """If neither is better, or they have no photo in common, it is the newer one."""
    approval = "Approved" if serves in approved else "PendingManualApproval"
    assert best(sagemaker, registry, serves, approved, approval, right=right) == champion


def test_a_batch_uses_the_serving_model_even_if_a_better_one_is_approved(
    sagemaker: Any, registry: Any
) -> None:
    """The newer one failed its smoke test and could not be rejected, or a user replaced it."""
    assert best(sagemaker, registry, 2, [4, 2], right={2: 5, 4: 8}) == "4"
    registry.serves(2)
    registry.describes(2)
    found = choose_batch_model(sagemaker.client, GROUP)
    assert found is not None
    assert found.version == "2"


@pytest.mark.parametrize("endpoint", ["none", "from outside the registry", "rejected"])
def test_a_batch_uses_the_newest_approved_package_if_no_registered_model_serves(
    sagemaker: Any, registry: Any, endpoint: str
) -> None:
    if endpoint == "none":
        registry.serves_nothing()
    elif endpoint == "rejected":
        registry.serves(5)
        registry.describes(5, "Rejected")
    else:
        registry.serves(None)
    registry.lists(4, 2, ModelApprovalStatus="Approved")
    registry.describes(4)
    found = choose_batch_model(sagemaker.client, GROUP)
    assert found is not None
    assert found.version == "4"


def test_an_error_of_aws_is_raised(sagemaker: Any) -> None:
    sagemaker.refuse("describe_endpoint", "ThrottlingException", "Rate exceeded")
    with pytest.raises(sagemaker.client.exceptions.ClientError, match="Rate exceeded"):
        choose_champion(MemoryS3(), sagemaker.client, LAYOUT, GROUP)
