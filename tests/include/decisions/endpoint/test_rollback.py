"""Tests of rollbacks."""

from typing import Any

import pytest

from include.decisions.endpoint.release import Release
from include.decisions.endpoint.rollback import (
    RejectionIncompleteError,
    RollbackError,
    check_not_changing,
    choose_release,
    reject_newer,
)
from include.decisions.registry.packages import RegistryError, package_to_serve
from include.decisions.registry.serving_model import EndpointStatus, ServingModel
from tests.include.conftest import ARN, GROUP

RELEASES = [
    Release(7, "2026-01-03T00:00:00+00:00", "config-7", "model-7"),
    Release(4, "2026-01-02T00:00:00+00:00", "config-4", "model-4"),
    Release(2, "2026-01-01T00:00:00+00:00", "config-2", "model-2"),
]


def approved(registry: Any, *versions: int) -> None:
    registry.lists(*versions, ModelApprovalStatus="Approved")


def serving_model(config: str) -> ServingModel:
    return ServingModel(GROUP, "InService", config, "model", None)


@pytest.mark.parametrize(
    ("serving", "versions", "expected"),
    [
        (serving_model("config-7"), (7, 4, 2), 4),
        (serving_model("config-7"), (7, 2), 2),  # 4 was rejected in the meantime
        (serving_model("config-4"), (7, 4, 2), 2),
        (serving_model("by-hand"), (7, 4, 2), 7),  # the serving model is not a release
        (None, (7, 4, 2), 7),
    ],
)
def test_the_default_is_the_last_approved_release_before_the_present_one(
    sagemaker: Any, registry: Any, serving: ServingModel | None, versions: Any, expected: int
) -> None:
    approved(registry, *versions)
    found = choose_release(sagemaker.client, GROUP, RELEASES, serving, None)
    assert found.version == expected


@pytest.mark.parametrize("status", ["Creating", "Updating", "RollingBack", "Deleting"])
def test_a_rollback_fails_during_an_update(status: str) -> None:
    """The endpoint names its former configuration until the update has ended."""
    with pytest.raises(RollbackError, match=rf"cars is {status}: .* then clear plan"):
        check_not_changing(EndpointStatus("cars", status, "config-7", ""))


@pytest.mark.parametrize("status", ["InService", "Failed", "OutOfService", "UpdateRollbackFailed"])
def test_a_rollback_is_possible_if_no_change_is_under_way(status: str) -> None:
    check_not_changing(EndpointStatus("cars", status, "config-7", ""))
    check_not_changing(None)


def test_a_user_may_select_any_release(sagemaker: Any) -> None:
    selected = choose_release(sagemaker.client, GROUP, RELEASES, serving_model("config-7"), 2)
    assert selected.version == 2


def test_the_error_names_the_existing_releases(sagemaker: Any, registry: Any) -> None:
    with pytest.raises(RollbackError, match=r"package 5 was never a release; .*: 7 \(2026-01-03T"):
        choose_release(sagemaker.client, GROUP, RELEASES, None, 5)
    approved(registry, 7)
    with pytest.raises(RollbackError, match="no approved release served before config-7"):
        choose_release(sagemaker.client, GROUP, RELEASES, serving_model("config-7"), None)
    approved(registry)
    with pytest.raises(RollbackError, match="there is no release yet"):
        choose_release(sagemaker.client, GROUP, [], None, None)


def test_a_rejected_release_has_to_be_approved_first(sagemaker: Any, registry: Any) -> None:
    registry.lists(4)
    registry.describes(4, approval="Rejected")
    with pytest.raises(RegistryError, match="is Rejected: approve it"):
        package_to_serve(sagemaker.client, GROUP, 4)


def test_newer_packages_are_rejected_with_the_reason(sagemaker: Any, registry: Any) -> None:
    approved(registry, 8, 7, 4, 2)
    for version in (8, 7):
        sagemaker.answer(
            "update_model_package",
            {"ModelPackageArn": f"{ARN}/{version}"},
            ModelPackageArn=f"{ARN}/{version}",
            ModelApprovalStatus="Rejected",
            ApprovalDescription="rolled back",
        )
    assert reject_newer(sagemaker.client, GROUP, 4, "rolled back") == ["8", "7"]


def test_after_an_error_the_other_packages_are_rejected(sagemaker: Any, registry: Any) -> None:
    approved(registry, 8, 7, 4)
    sagemaker.refuse("update_model_package", "ThrottlingException", "slow down")
    sagemaker.answer("update_model_package", {"ModelPackageArn": f"{ARN}/7"})
    with pytest.raises(RejectionIncompleteError, match=r"\(8: .*slow down\); rejected: 7\. Fix"):
        reject_newer(sagemaker.client, GROUP, 4, "rolled back")
