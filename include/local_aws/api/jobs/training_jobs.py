"""The operations on training jobs."""

from include.local_aws.api.jobs import job_operations
from include.local_aws.api.jobs.data_types import check_data_type
from include.local_aws.api.jobs.instances import check_instances
from include.local_aws.api.operation import Handler, Request, unsupported
from include.local_aws.containers.inputs import nothing_under
from include.local_aws.errors import ApiError, JobFailure
from include.local_aws.jobs.artifacts import artifact_uri
from include.local_aws.jobs.cluster import AUGMENTED, PIPE, mode
from include.local_aws.jobs.job import MAX_RUNTIME
from include.local_aws.jobs.kinds import TRAINING
from include.local_aws.jobs.spot import check_limits, check_tags
from include.local_aws.jobs.training import TrainingJob
from include.local_aws.jobs.transitions import transition
from include.local_aws.services import Services
from include.local_aws.store import Body
from include.service_model.patterns import compile_pattern

_DEFAULTS = {
    "StoppingCondition": {"MaxRuntimeInSeconds": MAX_RUNTIME},
    "EnableNetworkIsolation": False,
    "EnableInterContainerTrafficEncryption": False,
    "EnableManagedSpotTraining": False,
}


def _create(services: Services, request: Request) -> Body:
    _check(request)
    _check_channel_names([c["ChannelName"] for c in request.get("InputDataConfig", [])])
    for channel in request.get("InputDataConfig", []):
        _check_channel(services, request, channel)
    output = request["OutputDataConfig"]
    started: Body = {}
    transition(started, "Starting", "Starting the training job")
    return job_operations.create(
        services,
        TrainingJob,
        {**_DEFAULTS, **request, "OutputDataConfig": {"KmsKeyId": "", **output}},
        ModelArtifacts={"S3ModelArtifacts": artifact_uri(request)},
        **started,
    )


def _check(request: Request) -> None:
    if "TrainingImage" not in request.get("AlgorithmSpecification", {}):
        raise unsupported("a training job without AlgorithmSpecification.TrainingImage")
    resources = request.get("ResourceConfig", {})
    if not {"InstanceCount", "InstanceType"} <= resources.keys():
        raise unsupported("a training job without ResourceConfig's InstanceCount and InstanceType")
    check_instances("training", resources["InstanceCount"])
    for metric in request["AlgorithmSpecification"].get("MetricDefinitions", []):
        if compile_pattern(metric["Regex"]) is None:
            raise ApiError(
                f"The Regex of the metric {metric['Name']!r} is not a regular expression: "
                f"{metric['Regex']}"
            )
    check_limits(request)
    check_tags(request.get("Tags", []), request)
    if not request["OutputDataConfig"]["S3OutputPath"].startswith("s3://"):
        raise ApiError("OutputDataConfig.S3OutputPath must be an S3 URI (s3://bucket/prefix).")


def _check_channel_names(names: list[str]) -> None:
    for name in names:
        if name in (".", "..") or names.count(name) > 1:
            raise ApiError(f"The channel name {name!r} is not valid, or is given twice.")


def _check_channel(services: Services, request: Request, channel: Request) -> None:
    name = channel["ChannelName"]
    source = channel["DataSource"].get("S3DataSource")
    if source is None:
        raise unsupported(f"channel {name!r}: only S3DataSource is read")
    _check_data_type(name, mode(request, channel), source)
    try:
        if not services.runtime.objects.any_under(source["S3Uri"]):
            raise ApiError(nothing_under(source["S3Uri"]))
    except JobFailure as error:
        raise ApiError(str(error).removeprefix("ClientError: ")) from error


def _check_data_type(name: str, input_mode: str, source: Request) -> None:
    names = source.get("AttributeNames")
    if source.get("S3DataType") != AUGMENTED:
        check_data_type(source, AUGMENTED)
        if names:
            raise ApiError(f"Channel {name!r}: AttributeNames needs S3DataType {AUGMENTED}.")
        return
    if input_mode != PIPE:
        raise ApiError(f"Channel {name!r}: S3DataType {AUGMENTED} needs InputMode Pipe.")
    if not names:
        raise ApiError(
            f"Channel {name!r}: S3DataType {AUGMENTED} needs AttributeNames, for example "
            '["source-ref", "class"].'
        )


def _stopping(body: Body) -> None:
    transition(body, "Stopping", "Stopping the training job")


OPERATIONS: dict[str, Handler] = {
    "CreateTrainingJob": _create,
    "DescribeTrainingJob": job_operations.describe(TRAINING),
    "StopTrainingJob": job_operations.stop(TRAINING, _stopping),
    "ListTrainingJobs": job_operations.listing(
        TRAINING, "SecondaryStatus", never=("WarmPoolStatusEquals", "TrainingPlanArnEquals")
    ),
}
