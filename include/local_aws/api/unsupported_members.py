"""Features of SageMaker that this server does not have: requests for them are refused by name.

Members without an effect that a client could see are accepted and shown unchanged: encryption keys
(KmsKeyId), VpcConfig and network isolation, a registry's login, limits of downloads. Members that
the SageMaker SDKs send by default are accepted, too: a DebugHookConfig without collections, a
ProfilerConfig without parameters, and the rule ProfilerReport.
"""

from collections.abc import Callable, Iterator
from typing import Any

from include.local_aws.api.operation import Request, unsupported

_Condition = Callable[[Any], bool]
"""Returns whether a value of a member requests a feature that this server does not have."""


def _always(value: Any) -> bool:
    return bool(value)


def _captures(config: Request) -> bool:
    return config.get("EnableCapture") is not False


def _not_the_sdks_rule(rules: list[Request]) -> bool:
    default = {"rule_to_invoke": "ProfilerReport"}
    return any(rule.get("RuleParameters") != default for rule in rules)


def _scales(config: Request) -> bool:
    return config.get("Status") != "DISABLED"


def _prefers_prefixes(strategy: str) -> bool:
    return strategy == "PREFIX_AWARE"


_EXPERIMENT = {"ExperimentConfig": _always}
_DATA_SOURCE: dict[str, _Condition] = {
    "InstanceGroupNames": _always,
    "HubAccessConfig": _always,
}
_CONTAINER: dict[str, _Condition] = {
    "MultiModelConfig": _always,
    "AdditionalModelDataSources": _always,
    "InferenceSpecificationName": _always,
    "ContainerMetricsConfig": _always,
    "ModelDataSource.S3DataSource.HubAccessConfig": _always,
}
_VARIANT: dict[str, _Condition] = {
    "CoreDumpConfig": _always,
    "InstancePools": _always,
    "EnableSSMAccess": _always,
    "ManagedInstanceScaling": _scales,
    "RoutingConfig.RoutingStrategy": _prefers_prefixes,
}


def _below(path: str, members: dict[str, _Condition]) -> dict[str, _Condition]:
    return {f"{path}.{name}": condition for name, condition in members.items()}


_UNSUPPORTED: dict[str, dict[str, _Condition]] = {
    "CreateTrainingJob": {
        **_EXPERIMENT,
        **_below("InputDataConfig[].DataSource.S3DataSource", _DATA_SOURCE),
        "ResourceConfig.KeepAlivePeriodInSeconds": _always,
        "ResourceConfig.InstanceGroups": _always,
        "ResourceConfig.InstancePreferences": _always,
        "ResourceConfig.InstancePlacementConfig": _always,
        "ResourceConfig.TrainingPlanArn": _always,
        "StoppingCondition.MaxPendingTimeInSeconds": _always,
        "TensorBoardOutputConfig": _always,
        "DebugHookConfig.CollectionConfigurations": _always,
        "DebugHookConfig.HookParameters": _always,
        "DebugRuleConfigurations": _always,
        "ProfilerConfig.ProfilingIntervalInMilliseconds": _always,
        "ProfilerConfig.ProfilingParameters": _always,
        "ProfilerRuleConfigurations": _not_the_sdks_rule,
        "RetryStrategy": _always,
        "RemoteDebugConfig.EnableRemoteDebug": _always,
        "InfraCheckConfig.EnableInfraCheck": _always,
        "SessionChainingConfig.EnableSessionTagChaining": _always,
        "ServerlessJobConfig": _always,
        "MlflowConfig": _always,
        "ModelPackageConfig": _always,
    },
    "CreateProcessingJob": {
        **_EXPERIMENT,
        "ProcessingInputs[].AppManaged": _always,
        "ProcessingInputs[].DatasetDefinition": _always,
        "ProcessingOutputConfig.Outputs[].AppManaged": _always,
        "ProcessingOutputConfig.Outputs[].FeatureStoreOutput": _always,
    },
    "CreateTransformJob": {**_EXPERIMENT, "DataCaptureConfig": _always},
    "CreateModel": {
        **_below("PrimaryContainer", _CONTAINER),
        **_below("Containers[]", _CONTAINER),
    },
    "CreateEndpointConfig": {
        "AsyncInferenceConfig": _always,
        "ShadowProductionVariants": _always,
        "ExplainerConfig": _always,
        "DataCaptureConfig": _captures,
        "MetricsConfig.EnableEnhancedMetrics": _always,
        "MetricsConfig.EnableDetailedObservability": _always,
        "MetricsConfig.MetricPublishFrequencyInSeconds": _always,
        "ProductionVariants[].ServerlessConfig": _always,
        **_below("ProductionVariants[]", _VARIANT),
    },
    "CreateModelPackage": {
        "ValidationSpecification": _always,
        "CertifyForMarketplace": _always,
        "ManagedStorageType": _always,
    },
    "CreateModelPackageGroup": {"ManagedConfiguration": _always},
}


def refuse_unsupported(operation: str, request: Request) -> None:
    """Raise ApiError for the first feature in a request that this server does not have."""
    for path, is_unsupported in _UNSUPPORTED.get(operation, {}).items():
        for value in _values(request, path.split(".")):
            if is_unsupported(value):
                raise unsupported(
                    f"{path} (here {_shown(value)}), which it would accept and then ignore: "
                    "leave it out"
                )


def _values(value: Any, path: list[str]) -> Iterator[Any]:
    """Yield the values at a path; `[]` after a name means all members of a list."""
    if not path:
        yield value
        return
    name, *rest = path
    inner = value.get(name.removesuffix("[]"))
    if inner is None:
        return
    for member in inner if name.endswith("[]") else [inner]:
        yield from _values(member, rest)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:100]}..."
