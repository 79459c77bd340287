"""Tests of the registration of candidates."""

from typing import Any

import pytest

from include.decisions.registry.registration import explain_verdict, register

GROUP = {"ModelPackageGroupName": "stanford-cars"}
PACKAGE = {
    "ModelPackageGroupName": "stanford-cars",
    "CustomerMetadataProperties": {"training_job": "job-1"},
}
ARN = "arn:aws:sagemaker:us-east-1:123456789012:model-package/stanford-cars"
GROUP_ANSWER = {
    "ModelPackageGroupName": "stanford-cars",
    "ModelPackageGroupArn": "arn:aws:sagemaker:us-east-1:123456789012:model-package-group/x",
    "CreationTime": 0,
    "CreatedBy": {},
    "ModelPackageGroupStatus": "Completed",
}


def test_registering_the_first_candidate_creates_the_group(sagemaker: Any, registry: Any) -> None:
    message = "ModelPackageGroup stanford-cars does not exist."
    sagemaker.refuse("describe_model_package_group", "ValidationException", message)
    arn = {"ModelPackageGroupArn": str(GROUP_ANSWER["ModelPackageGroupArn"])}
    sagemaker.answer("create_model_package_group", arn, **GROUP)
    registry.lists()
    sagemaker.answer("create_model_package", {"ModelPackageArn": f"{ARN}/1"}, **PACKAGE)
    assert register(sagemaker.client, GROUP, PACKAGE) == f"{ARN}/1"


def test_a_second_call_returns_the_first_calls_package(sagemaker: Any, registry: Any) -> None:
    sagemaker.answer("describe_model_package_group", GROUP_ANSWER)
    registry.lists(3)
    registry.describes(3, training_job="job-1")
    assert register(sagemaker.client, GROUP, PACKAGE) == f"{ARN}/3"


@pytest.mark.parametrize("approval", ["Approved", "Rejected"])
def test_a_candidate_judged_in_another_precision_is_another_package(
    sagemaker: Any, registry: Any, approval: str
) -> None:
    """A package's container cannot be changed, so the first package keeps the first precision."""
    facts = {"training_job": "job-1", "serving_precision": "float32", "verdict": "promote"}
    package = {**PACKAGE, "CustomerMetadataProperties": facts}
    sagemaker.answer("describe_model_package_group", GROUP_ANSWER)
    registry.lists(3)
    registry.describes(3, approval, training_job="job-1", serving_precision="int8", verdict="keep")
    sagemaker.answer("create_model_package", {"ModelPackageArn": f"{ARN}/4"}, **package)
    assert register(sagemaker.client, GROUP, package) == f"{ARN}/4"


def test_a_new_verdict_updates_the_package(sagemaker: Any, registry: Any) -> None:
    """Otherwise a candidate that is judged again and promoted would stay Rejected."""
    facts = {"training_job": "job-1", "verdict": "promote"}
    package = {
        **PACKAGE,
        "ModelApprovalStatus": "Approved",
        "CustomerMetadataProperties": facts,
    }
    sagemaker.answer("describe_model_package_group", GROUP_ANSWER)
    registry.lists(3)
    registry.describes(
        3, approval="Rejected", training_job="job-1", verdict="keep", champion_top1="0.9"
    )
    sagemaker.answer(
        "update_model_package",
        {"ModelPackageArn": f"{ARN}/3"},
        ModelPackageArn=f"{ARN}/3",
        ModelApprovalStatus="Approved",
        CustomerMetadataProperties=facts,
        CustomerMetadataPropertiesToRemove=["champion_top1"],
    )
    assert register(sagemaker.client, GROUP, package) == f"{ARN}/3"


def test_a_new_verdict_renews_the_card(sagemaker: Any, registry: Any) -> None:
    card = {"ModelCardContent": "{}", "ModelCardStatus": "Draft"}
    facts = {"training_job": "job-1", "verdict": "keep"}
    package = {
        **PACKAGE,
        "ModelApprovalStatus": "Rejected",
        "CustomerMetadataProperties": facts,
        "ModelCard": card,
    }
    sagemaker.answer("describe_model_package_group", GROUP_ANSWER)
    registry.lists(3)
    registry.describes(3, approval="Rejected", training_job="job-1", verdict="await approval")
    sagemaker.answer(
        "update_model_package",
        {"ModelPackageArn": f"{ARN}/3"},
        ModelPackageArn=f"{ARN}/3",
        ModelApprovalStatus="Rejected",
        CustomerMetadataProperties=facts,
        CustomerMetadataPropertiesToRemove=[],
        ModelCard=card,
    )
    assert register(sagemaker.client, GROUP, package) == f"{ARN}/3"


@pytest.mark.parametrize(
    ("before", "after", "approval"),
    [("await approval", "await approval", "Rejected"), ("promote", "keep", "Approved")],
)
def test_an_approvers_rejection_and_an_approved_package_are_kept(
    sagemaker: Any, registry: Any, before: str, after: str, approval: str
) -> None:
    facts = {"training_job": "job-1", "verdict": after}
    package = {**PACKAGE, "CustomerMetadataProperties": facts}
    sagemaker.answer("describe_model_package_group", GROUP_ANSWER)
    registry.lists(3)
    registry.describes(3, approval=approval, training_job="job-1", verdict=before)
    assert register(sagemaker.client, GROUP, package) == f"{ARN}/3"


def described(**fields: str) -> dict[str, Any]:
    return {
        "ModelPackageName": "m",
        "ModelPackageArn": f"{ARN}/3",
        "CreationTime": 0,
        "ModelPackageStatus": "Completed",
        "ModelPackageStatusDetails": {"ValidationStatuses": []},
        **fields,
    }


def test_a_package_gets_the_reason_of_its_verdict(sagemaker: Any) -> None:
    known = described(ModelApprovalStatus="Rejected")
    sagemaker.answer("describe_model_package", known, ModelPackageName=f"{ARN}/3")
    sagemaker.answer(
        "update_model_package",
        {"ModelPackageArn": f"{ARN}/3"},
        ModelPackageArn=f"{ARN}/3",
        ModelApprovalStatus="Rejected",
        CustomerMetadataProperties={},
        ApprovalDescription="top-1 is low, 0.5 is needed",
    )
    explain_verdict(sagemaker.client, f"{ARN}/3", "top-1 is low,\n0.5 is needed")


def test_the_words_of_an_approver_are_kept(sagemaker: Any) -> None:
    known = described(
        ModelApprovalStatus="Approved", ApprovalDescription="approved in Airflow by Ada"
    )
    sagemaker.answer("describe_model_package", known, ModelPackageName=f"{ARN}/3")
    explain_verdict(sagemaker.client, f"{ARN}/3", "better")
