"""Unsupported members of requests are refused by name; the SDKs' defaults are accepted."""

from typing import Any

import pytest

from include.local_aws.api.sagemaker import SageMaker
from include.local_aws.api.unsupported_members import _UNSUPPORTED
from include.local_aws.errors import ApiError
from tests.include.local_aws.api.odd_requests import MODEL, first_requests

_S3 = "s3://bucket/key"
_RULE = {"RuleConfigurationName": "r", "RuleEvaluatorImage": "i"}
_EXPERIMENT = {"ExperimentConfig": {"ExperimentName": "e"}}
_CHANNEL = {
    "ChannelName": "train",
    "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": _S3}},
}
_REQUESTS: list[tuple[str, dict[str, Any]]] = [
    ("CreateTrainingJob", {"ResourceConfig": {"KeepAlivePeriodInSeconds": 600}}),
    ("CreateTrainingJob", {"TensorBoardOutputConfig": {"S3OutputPath": _S3}}),
    ("CreateTrainingJob", {"DebugRuleConfigurations": [_RULE]}),
    ("CreateTrainingJob", {"ProfilerRuleConfigurations": [_RULE]}),
    ("CreateTrainingJob", {"ProfilerConfig": {"ProfilingIntervalInMilliseconds": 100}}),
    ("CreateTrainingJob", {"ProfilerConfig": {"ProfilingParameters": {"a": "b"}}}),
    ("CreateTrainingJob", {"RetryStrategy": {"MaximumRetryAttempts": 2}}),
    ("CreateTrainingJob", {"RemoteDebugConfig": {"EnableRemoteDebug": True}}),
    ("CreateTrainingJob", {"InfraCheckConfig": {"EnableInfraCheck": True}}),
    ("CreateTrainingJob", {"StoppingCondition": {"MaxPendingTimeInSeconds": 7200}}),
    ("CreateTrainingJob", _EXPERIMENT),
    ("CreateProcessingJob", _EXPERIMENT),
    ("CreateTransformJob", _EXPERIMENT),
    ("CreateTransformJob", {"DataCaptureConfig": {"DestinationS3Uri": _S3}}),
    ("CreateModel", {"PrimaryContainer": {"InferenceSpecificationName": "fast"}}),
    ("CreateModelPackage", {"CertifyForMarketplace": True}),
    (
        "CreateEndpointConfig",
        {
            "DataCaptureConfig": {
                "EnableCapture": True,
                "InitialSamplingPercentage": 100,
                "DestinationS3Uri": _S3,
                "CaptureOptions": [{"CaptureMode": "Input"}],
            }
        },
    ),
    ("CreateEndpointConfig", {"MetricsConfig": {"EnableEnhancedMetrics": True}}),
]
_DEFAULTS: list[tuple[str, dict[str, Any]]] = [
    ("CreateTrainingJob", {"ProfilerConfig": {"DisableProfiler": True}}),
    ("CreateTrainingJob", {"ProfilerConfig": {"S3OutputPath": _S3, "DisableProfiler": False}}),
    (
        "CreateTrainingJob",
        {
            "ProfilerRuleConfigurations": [
                {**_RULE, "RuleParameters": {"rule_to_invoke": "ProfilerReport"}}
            ]
        },
    ),
    (
        "CreateTrainingJob",
        {"DebugHookConfig": {"S3OutputPath": _S3, "CollectionConfigurations": []}},
    ),
    ("CreateTrainingJob", {"RemoteDebugConfig": {"EnableRemoteDebug": False}}),
    ("CreateTrainingJob", {"ResourceConfig": {"KeepAlivePeriodInSeconds": 0}}),
    ("CreateModelPackage", {"CertifyForMarketplace": False}),
]


def _with(operation: str, members: dict[str, Any]) -> dict[str, Any]:
    request = dict(first_requests("new"))[operation]
    if operation == "CreateEndpointConfig":
        request["ProductionVariants"][0]["ModelName"] = "a"
    if operation == "CreateModelPackage":
        request["ModelPackageGroupName"] = "a"
    for name, value in members.items():
        inside = request.get(name)
        request[name] = {**inside, **value} if isinstance(inside, dict) else value
    return request


def _path(members: Any) -> str:
    """Return the name of the outer member, with the inner member if there is only one."""
    (name,) = members
    inner = members[name]
    return f"{name}.{next(iter(inner))}" if isinstance(inner, dict) and len(inner) == 1 else name


@pytest.mark.parametrize(("operation", "members"), _REQUESTS)
def test_an_unsupported_member_is_refused_by_name(
    api: SageMaker, operation: str, members: dict[str, Any]
) -> None:
    name = _path(members)
    unsupported = name if name in _UNSUPPORTED[operation] else name.partition(".")[0]
    with pytest.raises(
        ApiError, match=rf"local_aws does not support {unsupported} .*: leave it out"
    ):
        api.call(operation, _with(operation, members))


@pytest.mark.parametrize(
    "variant",
    [
        {"CoreDumpConfig": {"DestinationS3Uri": _S3}},
        {"ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1}},
        {"ManagedInstanceScaling": {"Status": "ENABLED"}},
        {"EnableSSMAccess": True},
    ],
)
def test_an_unsupported_member_of_a_variant_is_refused(
    api: SageMaker, variant: dict[str, Any]
) -> None:
    request = dict(first_requests("new"))["CreateEndpointConfig"]
    request["ProductionVariants"][0].update(variant)
    (name,) = variant
    with pytest.raises(ApiError, match=rf"support ProductionVariants\[\]\.{name} "):
        api.call("CreateEndpointConfig", request)


def test_unsupported_members_of_channels_and_processing_inputs_are_refused(api: SageMaker) -> None:
    source = {**_CHANNEL["DataSource"]["S3DataSource"], "InstanceGroupNames": ["a"]}  # type: ignore[index]
    channel = {**_CHANNEL, "DataSource": {"S3DataSource": source}}
    with pytest.raises(ApiError, match=r"support InputDataConfig.*InstanceGroupNames"):
        api.call("CreateTrainingJob", _with("CreateTrainingJob", {"InputDataConfig": [channel]}))
    managed = {"ProcessingInputs": [{"InputName": "a", "AppManaged": True}]}
    with pytest.raises(ApiError, match=r"support ProcessingInputs\[\]\.AppManaged"):
        api.call("CreateProcessingJob", _with("CreateProcessingJob", managed))


def test_unsupported_members_of_a_packages_containers_are_refused(api: SageMaker) -> None:
    """The registry may hold packages that only AWS can serve."""
    members = {"AdditionalModelDataSources": [
        {"ChannelName": "a", "S3DataSource": {
            "S3Uri": f"{_S3}/", "S3DataType": "S3Prefix", "CompressionType": "None"}}
    ]}  # fmt: skip
    request = dict(first_requests("a"))["CreateModelPackage"]
    container = request["InferenceSpecification"]["Containers"][0]
    container.update(members)
    package = api.call("CreateModelPackage", request)["ModelPackageArn"]
    model = {"ModelName": "new", "PrimaryContainer": {"ModelPackageName": package}}
    with pytest.raises(ApiError, match=r"support PrimaryContainer\.AdditionalModelDataSources"):
        api.call("CreateModel", model)


@pytest.mark.parametrize(("operation", "members"), _DEFAULTS)
def test_the_sdks_defaults_are_accepted(
    api: SageMaker, operation: str, members: dict[str, Any]
) -> None:
    api.call(operation, _with(operation, members))


def test_a_disabled_data_capture_is_accepted(api: SageMaker) -> None:
    (enabled,) = [members for operation, members in _REQUESTS if "DataCaptureConfig" in members
             and operation == "CreateEndpointConfig"]  # fmt: skip
    capture = {**enabled["DataCaptureConfig"], "EnableCapture": False}
    api.call("CreateEndpointConfig", _with("CreateEndpointConfig", {"DataCaptureConfig": capture}))


def test_the_list_names_members_of_the_service_model() -> None:
    for operation, paths in _UNSUPPORTED.items():
        for path in paths:
            shape = MODEL.operation_model(operation).input_shape
            for name in path.split("."):
                shape = shape.members[name.removesuffix("[]")]
                shape = shape.member if name.endswith("[]") else shape
