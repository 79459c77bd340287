"""One rule for the champion, whatever serves and whatever was approved."""

from __future__ import annotations

from typing import Any

import pytest

from include.decisions.promotion.champion import choose_batch_model, choose_champion
from include.storage.layout import Layout
from tests.include.conftest import GROUP
from tests.include.decisions.memory_s3 import MemoryS3

LAYOUT = Layout("some-bucket", "stanford_cars")
HEADER = "key,name,predicted_name,confidence\n"


def answers(right: int, of: int = 10) -> bytes:
    """Return the answers of a model that gets so many photos right."""
    rows = [f"{n}.jpg,Audi,{'Audi' if n < right else 'BMW'},0.9\n" for n in range(of)]
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
    """Return the champion's number, of models that got so many of ten photos `right`."""
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
        s3.objects[LAYOUT.evaluation_answers(f"job-{version}")] = answers(count)
    found = choose_champion(s3, sagemaker.client, LAYOUT, GROUP, candidate)
    return found.version if found else None


def test_before_the_first_model_there_is_none(sagemaker: Any, registry: Any) -> None:
    assert best(sagemaker, registry, None, []) is None


def test_where_nothing_serves_it_is_the_newest_approved(sagemaker: Any, registry: Any) -> None:
    """A pipeline that only predicts batches, or an endpoint that was deleted over a weekend."""
    assert best(sagemaker, registry, None, [4, 2]) == "4"


def test_it_is_what_serves_and_is_the_newest_approved(sagemaker: Any, registry: Any) -> None:
    assert best(sagemaker, registry, 4, [4, 2]) == "4"


def test_a_candidates_own_package_is_none(sagemaker: Any, registry: Any) -> None:
    """It is there where a person clears the task that judges."""
    assert best(sagemaker, registry, 4, [4, 2], candidate="job-4") == "2"


def test_where_only_the_candidate_is_approved_there_is_none(sagemaker: Any, registry: Any) -> None:
    assert best(sagemaker, registry, None, [4], candidate="job-4") is None


def test_a_rejected_package_is_none_though_it_serves(sagemaker: Any, registry: Any) -> None:
    assert best(sagemaker, registry, 4, [2], approval="Rejected") == "2"


@pytest.mark.parametrize(
    ("serves", "approved"),
    [(2, [4, 2]), (4, [2])],
    ids=["after an update that failed", "after an approval was taken back"],
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
def test_of_two_it_is_the_better_one(
    sagemaker: Any,
    registry: Any,
    serves: int,
    approved: list[int],
    right: dict[int, int],
    champion: str,
) -> None:
    """The newer one where neither is better, or no photo was asked of both."""
    approval = "Approved" if serves in approved else "PendingManualApproval"
    assert best(sagemaker, registry, serves, approved, approval, right=right) == champion


def test_a_batch_uses_what_serves_though_a_better_model_is_approved(
    sagemaker: Any, registry: Any
) -> None:
    """The newer one failed its smoke test and could not be rejected, or a person replaced it."""
    assert best(sagemaker, registry, 2, [4, 2], right={2: 5, 4: 8}) == "4"
    registry.serves(2)
    registry.describes(2)
    found = choose_batch_model(sagemaker.client, GROUP)
    assert found is not None
    assert found.version == "2"


@pytest.mark.parametrize("endpoint", ["none", "from outside the registry", "rejected"])
def test_a_batch_uses_the_newest_approved_where_no_registered_model_serves(
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


def test_an_error_of_aws_is_not_taken_for_no_model(sagemaker: Any) -> None:
    sagemaker.refuse("describe_endpoint", "ThrottlingException", "Rate exceeded")
    with pytest.raises(sagemaker.client.exceptions.ClientError, match="Rate exceeded"):
        choose_champion(MemoryS3(), sagemaker.client, LAYOUT, GROUP)
