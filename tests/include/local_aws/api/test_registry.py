"""Models, packages, groups, tags and lists."""

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.include.local_aws.local_server import IMAGE, ROLE, LocalServer, unique_name


@pytest.fixture(scope="module")
def group(aws: LocalServer) -> str:
    name = unique_name("group")
    aws.sagemaker.create_model_package_group(ModelPackageGroupName=name)
    return name


def _register(aws: LocalServer, group: str, **request: Any) -> str:
    inference = {
        "Containers": [
            {"Image": IMAGE, "ModelDataUrl": aws.artifact(), "Environment": {"VERSION": "package"}}
        ],
        "SupportedContentTypes": ["image/jpeg"],
        "SupportedResponseMIMETypes": ["application/json"],
    }
    answer = aws.sagemaker.create_model_package(
        ModelPackageGroupName=group, InferenceSpecification=inference, **request
    )
    return str(answer["ModelPackageArn"])


@pytest.mark.conformance("CreateModelPackage", "DeleteModelPackage", "DeleteModelPackageGroup")
def test_version_numbers_count_up_and_are_not_used_again(aws: LocalServer) -> None:
    name = unique_name("group")
    aws.sagemaker.create_model_package_group(ModelPackageGroupName=name)
    first, second = _register(aws, name), _register(aws, name)
    assert (first[-2:], second[-2:]) == ("/1", "/2")
    aws.sagemaker.delete_model_package(ModelPackageName=second)
    assert _register(aws, name).endswith("/3")
    with pytest.raises(ClientError, match="contains model packages"):
        aws.sagemaker.delete_model_package_group(ModelPackageGroupName=name)


@pytest.mark.conformance("CreateModelPackage")
def test_the_same_client_token_registers_once(aws: LocalServer, group: str) -> None:
    first = _register(aws, group, ClientToken="token-1")
    assert _register(aws, group, ClientToken="token-1") == first
    assert _register(aws, group, ClientToken="token-2") != first


@pytest.mark.conformance("CreateModelPackage", "UpdateModelPackage", "DescribeModelPackage")
def test_a_package_keeps_its_card_until_it_is_archived(aws: LocalServer, group: str) -> None:
    first = {"model_overview": {"model_creator": "me"}, "intended_uses": {"risk_rating": "Low"}}
    card = {"ModelCardContent": json.dumps(first), "ModelCardStatus": "Draft"}
    arn = _register(aws, group, ModelCard=card)
    describe, update = aws.sagemaker.describe_model_package, aws.sagemaker.update_model_package
    assert describe(ModelPackageName=arn)["ModelCard"] == card
    short = describe(ModelPackageName=arn, IncludedData="MetadataOnly")["ModelCard"]
    assert json.loads(short["ModelCardContent"]) == {"intended_uses": {"risk_rating": "Low"}}
    update(ModelPackageArn=arn, ModelApprovalStatus="Approved")
    update(ModelPackageArn=arn, ModelCard={"ModelCardContent": "{}"})
    assert describe(ModelPackageName=arn)["ModelCard"] == {**card, "ModelCardContent": "{}"}
    update(ModelPackageArn=arn, ModelCard={"ModelCardStatus": "Archived"})
    with pytest.raises(ClientError, match="Model Card is in Archived state"):
        update(ModelPackageArn=arn, ModelCard={"ModelCardContent": "{}"})


@pytest.mark.conformance("CreateModelPackage", "UpdateModelPackage")
def test_a_card_that_does_not_follow_the_schema_is_refused(aws: LocalServer, group: str) -> None:
    for content, problem in (
        ("{", "not JSON"),
        ('{"model_overview": {"model_name": "x"}}', "model_name is not in the schema"),
    ):
        card = {"ModelCardContent": content, "ModelCardStatus": "Draft"}
        with pytest.raises(ClientError, match=problem):
            _register(aws, group, ModelCard=card)
        with pytest.raises(ClientError, match=problem):
            aws.sagemaker.update_model_package(
                ModelPackageArn=_register(aws, group), ModelCard=card
            )


@pytest.mark.conformance("UpdateModelPackage", "DescribeModelPackage")
def test_approval_and_metadata_of_a_package_are_updated(aws: LocalServer, group: str) -> None:
    arn = _register(aws, group, CustomerMetadataProperties={"a": "1", "b": "2"})
    describe = aws.sagemaker.describe_model_package
    assert describe(ModelPackageName=arn)["ModelApprovalStatus"] == "PendingManualApproval"
    aws.sagemaker.update_model_package(
        ModelPackageArn=arn,
        ModelApprovalStatus="Approved",
        CustomerMetadataProperties={"c": "3"},
        CustomerMetadataPropertiesToRemove=["a"],
    )
    found = describe(ModelPackageName=arn)
    assert found["ModelApprovalStatus"] == "Approved"
    assert found["CustomerMetadataProperties"] == {"b": "2", "c": "3"}


@pytest.mark.conformance("ListModelPackages")
def test_packages_are_listed_by_group_and_approval(aws: LocalServer) -> None:
    name = unique_name("group")
    aws.sagemaker.create_model_package_group(ModelPackageGroupName=name)
    pending = _register(aws, name)
    approved = _register(aws, name, ModelApprovalStatus="Approved")

    def listed(**request: Any) -> list[str]:
        answer = aws.sagemaker.list_model_packages(ModelPackageGroupName=name, **request)
        return [summary["ModelPackageArn"] for summary in answer["ModelPackageSummaryList"]]

    assert listed(SortBy="CreationTime", SortOrder="Descending") == [approved, pending]
    assert listed(ModelApprovalStatus="Approved") == [approved]


@pytest.mark.conformance("CreateModel", "DescribeModel")
def test_a_model_of_a_package_uses_the_packages_container(aws: LocalServer, group: str) -> None:
    arn = _register(aws, group)
    name = unique_name("model")
    aws.sagemaker.create_model(
        ModelName=name, PrimaryContainer={"ModelPackageName": arn}, ExecutionRoleArn=ROLE
    )
    container = aws.sagemaker.describe_model(ModelName=name)["PrimaryContainer"]
    assert container["ModelPackageName"] == arn
    endpoint = aws.endpoint(aws.config(name))
    assert aws.invoke(endpoint, b"1")["version"] == "package"


@pytest.mark.conformance("CreateModel")
def test_a_model_of_missing_data_or_a_missing_package_is_refused(
    aws: LocalServer, group: str
) -> None:
    missing = f"arn:aws:sagemaker:us-east-1:123456789012:model-package/{group}/99"
    containers = [
        {"ModelPackageName": missing},
        {"Image": IMAGE, "ModelDataUrl": "s3://bucket/none.tar.gz"},
    ]
    for container in containers:
        with pytest.raises(ClientError, match=r"does not exist|Could not find model data"):
            aws.sagemaker.create_model(
                ModelName=unique_name("model"), PrimaryContainer=container, ExecutionRoleArn=ROLE
            )


@pytest.mark.conformance("DeleteModel", "DescribeModel")
def test_a_deleted_model_is_gone(aws: LocalServer) -> None:
    name = aws.model()
    aws.sagemaker.delete_model(ModelName=name)
    with pytest.raises(ClientError, match="Could not find model"):
        aws.sagemaker.describe_model(ModelName=name)


@pytest.mark.conformance("AddTags", "DeleteTags", "ListTags")
def test_tags_given_at_create_are_listed_and_changed(aws: LocalServer) -> None:
    name = unique_name("group")
    arn = aws.sagemaker.create_model_package_group(
        ModelPackageGroupName=name, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    )["ModelPackageGroupArn"]
    aws.sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "3"}])
    aws.sagemaker.delete_tags(ResourceArn=arn, TagKeys=["b"])
    assert aws.sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "3"}]


@pytest.mark.conformance("ListModelPackageGroups")
def test_lists_are_filtered_ordered_and_paged(aws: LocalServer) -> None:
    word = unique_name("listed")
    names = [f"{word}-{n}" for n in range(5)]
    before = time.time()
    for name in names:
        aws.sagemaker.create_model_package_group(ModelPackageGroupName=name)
    paginator = aws.sagemaker.get_paginator("list_model_package_groups")

    def listed(**request: Any) -> list[str]:
        pages = paginator.paginate(NameContains=word, PaginationConfig={"PageSize": 2}, **request)
        return [
            group["ModelPackageGroupName"]
            for page in pages
            for group in page["ModelPackageGroupSummaryList"]
        ]

    assert listed(SortBy="Name") == names
    assert listed(SortBy="CreationTime", SortOrder="Descending") == names[::-1]
    assert listed(CreationTimeBefore=before) == []
    assert listed(CreationTimeAfter=before) == names
