"""Tests of searching packages: what is found, and the number of calls for 1,000 packages."""

from collections import Counter
from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from include.decisions.registry.packages import approved_packages, newest_approved, package_to_serve
from include.decisions.registry.registration import register
from include.decisions.registry.search import DESCRIBED, find_package
from include.decisions.training.earlier_trainings import find_trainings
from include.sagemaker_requests.package import (
    SearchKey,
    package_description,
    read_description,
)

GROUP = "stanford-cars"
ARN = f"arn:aws:sagemaker:us-east-1:123456789012:model-package/{GROUP}"
PACKAGES = 1000


class LargeRegistry:
    """A SageMaker client with 1,000 packages, which counts the calls.

    Package n was trained by job-n with the fingerprint fn; ten packages share a RecordIO version.

    Args:
        with_facts: Whether the descriptions have the facts; those of earlier releases have none.
    """

    def __init__(self, with_facts: bool = True) -> None:
        self.exceptions = SimpleNamespace(ClientError=ClientError)
        self.calls: Counter[str] = Counter()
        self._with_facts = with_facts

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_model_packages"
        return self

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        size = request["PaginationConfig"]["PageSize"]
        for newest in range(PACKAGES, 0, -size):
            self.calls["list"] += 1
            numbers = range(newest, newest - size, -1)
            yield {"ModelPackageSummaryList": [self._summary(number) for number in numbers]}

    def describe_model_package(self, ModelPackageName: str) -> dict[str, Any]:
        self.calls["describe"] += 1
        container = {"Image": "image:1", "ModelDataUrl": "s3://bucket/model.tar.gz"}
        return {
            "ModelPackageArn": ModelPackageName,
            "ModelApprovalStatus": "Approved",
            "InferenceSpecification": {"Containers": [container]},
            "CustomerMetadataProperties": facts(int(ModelPackageName.rsplit("/", 1)[-1])),
        }

    def describe_model_package_group(self, **_: Any) -> dict[str, Any]:
        self.calls["describe group"] += 1
        return {}

    def create_model_package(self, **_: Any) -> dict[str, Any]:
        self.calls["create"] += 1
        return {"ModelPackageArn": f"{ARN}/{PACKAGES + 1}"}

    def _summary(self, number: int) -> dict[str, Any]:
        with_facts = package_description(facts(number))
        description = with_facts if self._with_facts else f"Trained by job-{number}"
        return {"ModelPackageArn": f"{ARN}/{number}", "ModelPackageDescription": description}


def facts(number: int) -> Mapping[str, str]:
    return {
        "training_job": f"job-{number}",
        "fingerprint": f"f{number}",
        "recordio_version": f"r{number // 10}",
        "verdict": "keep",
    }


def test_a_night_without_news_makes_two_calls() -> None:
    registry = LargeRegistry()
    earlier, _ = find_trainings(registry, GROUP, f"f{PACKAGES}", "r100")
    assert earlier is not None
    assert registry.calls == {"list": 1, "describe": 1}


def test_the_oldest_package_is_found_by_its_fingerprint() -> None:
    registry = LargeRegistry()
    earlier, _ = find_trainings(registry, GROUP, "f1", "r-new")
    assert earlier is not None
    assert earlier.version == "1"
    assert registry.calls == {"list": 10, "describe": 1}


def test_a_new_training_is_compared_with_the_newest_on_the_same_data() -> None:
    registry = LargeRegistry()
    earlier, similar = find_trainings(registry, GROUP, "f-new", "r50")
    assert (earlier, similar and similar.version) == (None, "509")
    assert registry.calls == {"list": 10, "describe": 1}


def test_registering_lists_and_does_not_describe() -> None:
    registry = LargeRegistry()
    package = {"CustomerMetadataProperties": facts(PACKAGES + 1)}
    register(registry, {"ModelPackageGroupName": GROUP}, package)
    assert registry.calls == {"describe group": 1, "list": 10, "create": 1}


def test_the_newest_approved_package_takes_two_calls() -> None:
    registry = LargeRegistry()
    newest = newest_approved(registry, GROUP, without_job="job-5")
    assert newest is not None
    assert registry.calls == {"list": 1, "describe": 1}


@pytest.mark.parametrize(
    ("look_up", "expected"),
    [
        (lambda registry: package_to_serve(registry, GROUP, 1), {"list": 10, "describe": 1}),
        (lambda registry: approved_packages(registry, GROUP), {"list": 10}),
    ],
)
def test_other_searches_describe_one_package_at_most(look_up: Any, expected: Any) -> None:
    registry = LargeRegistry()
    look_up(registry)
    assert registry.calls == expected


def test_of_packages_without_facts_a_limited_number_is_described() -> None:
    registry = LargeRegistry(with_facts=False)
    oldest_read = PACKAGES - DESCRIBED + 1
    assert find_package(registry, GROUP, {"fingerprint": f"f{oldest_read}"}) is not None
    assert find_package(registry, GROUP, {"fingerprint": f"f{oldest_read - 1}"}) is None
    assert registry.calls["describe"] == 2 * DESCRIBED


def test_a_missing_fact_does_not_match_another_precision() -> None:
    registry = LargeRegistry()
    int8: dict[SearchKey, str | None] = {"training_job": "job-7", "serving_precision": "int8"}
    assert find_package(registry, GROUP, int8) is None
    assert find_package(registry, GROUP, {**int8, "serving_precision": None}) is not None


def test_a_description_gives_its_facts_back() -> None:
    searched = {key: value for key, value in facts(3).items() if key != "verdict"}
    assert read_description(package_description(facts(3))) == searched
    assert read_description("Trained by job-3") is None
    assert read_description("a text: by a user") is None
