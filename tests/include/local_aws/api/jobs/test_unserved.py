"""Unsupported members of requests are refused by name; the SDKs' defaults are accepted."""

from typing import Any

import pytest

from include.local_aws.api.jobs.unserved import _UNSERVED
from include.local_aws.api.sagemaker import SageMaker
from include.local_aws.errors import ApiError
from tests.include.local_aws.api.odd_requests import MODEL, first_requests

_S3 = "s3://bucket/key"
_RULE = {"RuleConfigurationName": "r", "RuleEvaluatorImage": "i"}
_EXPERIMENT = {"ExperimentConfig": {"ExperimentName": "e"}}
_CHANNEL = {
    "ChannelName": "train",
    "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": _S3}},
}
_ASKING: list[tuple[str, dict[str, Any]]] = [
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


def _with(operation: str, more: dict[str, Any]) -> dict[str, Any]:
    request = dict(first_requests("new"))[operation]
    if operation == "CreateEndpointConfig":
        request["ProductionVariants"][0]["ModelName"] = "a"
    if operation == "CreateModelPackage":
        request["ModelPackageGroupName"] = "a"
    for name, value in more.items():
        inside = request.get(name)
        request[name] = {**inside, **value} if isinstance(inside, dict) else value
    return request


def _path(more: Any) -> str:
    """Return the name of the outer member, with the inner member if there is only one."""
    (name,) = more
    inner = more[name]
    return f"{name}.{next(iter(inner))}" if isinstance(inner, dict) and len(inner) == 1 else name


@pytest.mark.parametrize(("operation", "more"), _ASKING)
def test_an_unsupported_member_is_refused_by_name(
    api: SageMaker, operation: str, more: dict[str, Any]
) -> None:
    name = _path(more)
    unserved = name if name in _UNSERVED[operation] else name.partition(".")[0]
    with pytest.raises(ApiError, match=rf"local_aws does not support {unserved} .*: leave it out"):
        api.call(operation, _with(operation, more))


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
    more = {"AdditionalModelDataSources": [
        {"ChannelName": "a", "S3DataSource": {
            "S3Uri": f"{_S3}/", "S3DataType": "S3Prefix", "CompressionType": "None"}}
    ]}  # fmt: skip
    request = dict(first_requests("a"))["CreateModelPackage"]
    container = request["InferenceSpecification"]["Containers"][0]
    container.update(more)
    package = api.call("CreateModelPackage", request)["ModelPackageArn"]
    model = {"ModelName": "new", "PrimaryContainer": {"ModelPackageName": package}}
    with pytest.raises(ApiError, match=r"support PrimaryContainer\.AdditionalModelDataSources"):
        api.call("CreateModel", model)


@pytest.mark.parametrize(("operation", "more"), _DEFAULTS)
def test_what_the_sdks_send_by_default_is_accepted(
    api: SageMaker, operation: str, more: dict[str, Any]
) -> None:
    api.call(operation, _with(operation, more))


def test_a_disabled_data_capture_is_accepted(api: SageMaker) -> None:
    (on,) = [more for operation, more in _ASKING if "DataCaptureConfig" in more
             and operation == "CreateEndpointConfig"]  # fmt: skip
    capture = {**on["DataCaptureConfig"], "EnableCapture": False}
    api.call("CreateEndpointConfig", _with("CreateEndpointConfig", {"DataCaptureConfig": capture}))


def test_the_list_names_members_of_the_service_model() -> None:
    for operation, paths in _UNSERVED.items():
        for path in paths:
            shape = MODEL.operation_model(operation).input_shape
            for name in path.split("."):
                shape = shape.members[name.removesuffix("[]")]
                shape = shape.member if name.endswith("[]") else shape
