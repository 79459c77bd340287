"""Requests are refused as SageMaker refuses them."""

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


def test_every_fault_is_told(model: ServiceModel) -> None:
    request = {"TrainingJobName": "x" * 64}
    refused = _refusal(model, "DescribeTrainingJob", request)
    assert refused.message.startswith("2 validation errors detected: ")
    assert "Member must have length less than or equal to 63" in refused.message


def test_an_enum_names_its_values(model: ServiceModel) -> None:
    refused = _refusal(model, "ListTransformJobs", {"StatusEquals": "Done"})
    assert "Value 'Done' at 'statusEquals'" in refused.message
    assert "enum value set: [InProgress, Completed, Failed" in refused.message


def test_a_fault_inside_a_list_is_placed(model: ServiceModel) -> None:
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


def test_customer_metadata_takes_what_sagemaker_takes(model: ServiceModel) -> None:
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


def test_a_map_that_breaks_a_rule_is_shown_whole(model: ServiceModel) -> None:
    """As users of SageMaker report it of long hyperparameters."""
    request = _training(HyperParameters={"epochs": "2", "classes": "x" * 2501})
    assert _refusal(model, "CreateTrainingJob", request).message == (
        "1 validation error detected: Value '{epochs=2, classes=" + "x" * 2501 + "}' at "
        "'hyperParameters' failed to satisfy constraint: Map value must satisfy constraint: "
        "[Member must have length less than or equal to 2500, Member must have length greater "
        "than or equal to 0, Member must satisfy regular expression pattern: .*]"
    )


def test_a_map_may_hold_so_many(model: ServiceModel) -> None:
    request = _training(HyperParameters={str(n): "" for n in range(101)})
    message = _refusal(model, "CreateTrainingJob", request).message
    assert message.endswith("Member must have length less than or equal to 100")


def test_a_list_of_words_is_shown_whole(model: ServiceModel) -> None:
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
def test_what_no_text_is_is_refused_as_no_text(model: ServiceModel, value: Any) -> None:
    """Python reads more as JSON than there is: it must not come back to a client."""
    refused = _refusal(model, "DescribeTrainingJob", {"TrainingJobName": value})
    assert refused.code == "SerializationException"


def test_a_time_is_a_number_that_json_has(model: ServiceModel) -> None:
    request = {"CreationTimeAfter": float("inf")}
    assert _refusal(model, "ListModels", request).code == "SerializationException"


def _training(**changes: Any) -> dict[str, Any]:
    return {
        "TrainingJobName": "a",
        "RoleArn": "arn:aws:iam::123456789012:role/sagemaker",
        "OutputDataConfig": {"S3OutputPath": "s3://bucket/models"},
        **changes,
    }


def test_members_that_the_model_does_not_know_are_dropped(model: ServiceModel) -> None:
    request = {"TrainingJobName": "a", "Unknown": 1}
    assert model.check("DescribeTrainingJob", request) == {"TrainingJobName": "a"}
