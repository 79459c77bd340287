"""Errors of request validation have SageMaker's wording."""

from typing import Any

import pytest

from include.local_aws.api.validation import ServiceModel
from include.local_aws.errors import ApiError

_CREATE = "CreateModelPackageGroup"


@pytest.fixture(scope="module")
def model() -> ServiceModel:
    return ServiceModel()


def _refusal(model: ServiceModel, operation: str, request: dict[str, Any]) -> ApiError:
    with pytest.raises(ApiError) as refused:
        model.check(operation, request)
    return refused.value


def test_a_missing_member(model: ServiceModel) -> None:
    refused = _refusal(model, "DescribeTrainingJob", {})
    assert refused.code == "ValidationException"
    assert refused.message == (
        "1 validation error detected: Value null at 'trainingJobName' failed to satisfy "
        "constraint: Member must not be null"
    )


def test_a_name_that_breaks_the_pattern(model: ServiceModel) -> None:
    refused = _refusal(model, "DescribeTrainingJob", {"TrainingJobName": "stanford_cars"})
    assert refused.message == (
        "1 validation error detected: Value 'stanford_cars' at 'trainingJobName' failed to "
        "satisfy constraint: Member must satisfy regular expression pattern: "
        "[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"
    )


def test_all_violations_are_reported(model: ServiceModel) -> None:
    request = {"TrainingJobName": "x" * 64}
    refused = _refusal(model, "DescribeTrainingJob", request)
    assert refused.message.startswith("2 validation errors detected: ")
    assert "Member must have length less than or equal to 63" in refused.message


def test_an_enum_names_its_values(model: ServiceModel) -> None:
    refused = _refusal(model, "ListTransformJobs", {"StatusEquals": "Done"})
    assert "Value 'Done' at 'statusEquals'" in refused.message
    assert "enum value set: [InProgress, Completed, Failed" in refused.message


def test_a_violation_inside_a_list_has_its_position(model: ServiceModel) -> None:
    request = {
        "EndpointConfigName": "c",
        "ProductionVariants": [{"VariantName": "a", "ModelName": "m", "InitialInstanceCount": 0}],
    }
    refused = _refusal(model, "CreateEndpointConfig", request)
    assert "Value '0' at 'productionVariants.1.member.initialInstanceCount'" in refused.message
    assert "value greater than or equal to 1" in refused.message


def test_a_number_is_not_a_string(model: ServiceModel) -> None:
    refused = _refusal(model, "DescribeTrainingJob", {"TrainingJobName": 7})
    assert refused.code == "SerializationException"


def test_unicode_categories_are_understood(model: ServiceModel) -> None:
    name = {"ModelPackageGroupName": "g"}
    model.check(_CREATE, {**name, "ModelPackageGroupDescription": "Çà va, 100 % ☂"})
    assert _refusal(model, _CREATE, {**name, "ModelPackageGroupDescription": "a\x00b"})


def test_customer_metadata_has_sagemakers_limits(model: ServiceModel) -> None:
    arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/g/1"
    request = {"ModelPackageArn": arn, "CustomerMetadataProperties": {"top1": "0.91 é"}}
    assert model.check("UpdateModelPackage", request) == request
    request["CustomerMetadataProperties"] = {"reason": "better, by far"}
    assert _refusal(model, "UpdateModelPackage", request).message.startswith(
        "1 validation error detected: Value '{reason=better, by far}' at "
        "'customerMetadataProperties' failed to satisfy constraint: Map value must satisfy "
        "constraint: [Member must have length less than or equal to 256, Member must have length "
        "greater than or equal to 1, Member must satisfy regular expression pattern: "
    )


def test_a_map_with_an_invalid_value_is_shown_completely(model: ServiceModel) -> None:
    """Users of SageMaker report this message for long hyperparameters."""
    request = _training(HyperParameters={"epochs": "2", "classes": "x" * 2501})
    assert _refusal(model, "CreateTrainingJob", request).message == (
        "1 validation error detected: Value '{epochs=2, classes=" + "x" * 2501 + "}' at "
        "'hyperParameters' failed to satisfy constraint: Map value must satisfy constraint: "
        "[Member must have length less than or equal to 2500, Member must have length greater "
        "than or equal to 0, Member must satisfy regular expression pattern: .*]"
    )


def test_a_map_has_a_maximum_size(model: ServiceModel) -> None:
    request = _training(HyperParameters={str(n): "" for n in range(101)})
    message = _refusal(model, "CreateTrainingJob", request).message
    assert message.endswith("Member must have length less than or equal to 100")


def test_a_list_with_an_invalid_value_is_shown_completely(model: ServiceModel) -> None:
    algorithm = {
        "TrainingImage": "i",
        "TrainingInputMode": "File",
        "ContainerArguments": ["a", "b" * 257],
    }
    message = _refusal(model, "CreateTrainingJob", _training(AlgorithmSpecification=algorithm))
    assert message.message.startswith(
        f"1 validation error detected: Value '[a, {'b' * 257}]' at "
        "'algorithmSpecification.containerArguments' failed to satisfy constraint: "
        "Member must satisfy constraint: ["
    )


@pytest.mark.parametrize("value", ["\ud800", float("nan"), float("inf"), True, ["a"], {}, 7])
def test_a_value_that_is_not_a_string_is_refused(model: ServiceModel, value: Any) -> None:
    """Python's json accepts more than JSON: such values must not be returned to clients."""
    refused = _refusal(model, "DescribeTrainingJob", {"TrainingJobName": value})
    assert refused.code == "SerializationException"


def test_a_time_must_be_a_finite_number(model: ServiceModel) -> None:
    request = {"CreationTimeAfter": float("inf")}
    assert _refusal(model, "ListModels", request).code == "SerializationException"


def _training(**changes: Any) -> dict[str, Any]:
    return {
        "TrainingJobName": "a",
        "RoleArn": "arn:aws:iam::123456789012:role/sagemaker",
        "OutputDataConfig": {"S3OutputPath": "s3://bucket/models"},
        **changes,
    }


def test_unknown_members_are_dropped(model: ServiceModel) -> None:
    request = {"TrainingJobName": "a", "Unknown": 1}
    assert model.check("DescribeTrainingJob", request) == {"TrainingJobName": "a"}
