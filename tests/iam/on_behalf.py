"""Permissions that SageMaker needs for jobs and endpoints, from the requests that create them.

SageMaker assumes the role of the request and moves the data itself: the container of an isolated
job has no credentials. The other containers call S3 with the role's credentials. https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from tests.iam.container_calls import fetch_rights
from tests.iam.evaluator import Right
from tests.iam.needed import ACCOUNT, REGION, Call

Request = Mapping[str, Any]
Rights = dict[str, set[Right]]

LOGS = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/sagemaker/"


class RolePermissions:
    """The permissions that each role needs for all requests of an account.

    Args:
        calls: All calls; only those that create or update resources count.
        prefix_of: Returns the s3:// URI to which the keys of a manifest are relative.
    """

    def __init__(self, calls: Iterable[Call], prefix_of: Callable[[str], str]) -> None:
        self._created: dict[str, list[Request]] = defaultdict(list)
        for call in calls:
            if call.operation.startswith(("Create", "Update")):
                self._created[call.operation].append(call.params)
        self._prefix_of = prefix_of

    def rights(self) -> Rights:
        """Return the needed permissions by the ARN of the role."""
        found: Rights = defaultdict(set)
        for request in self._created["CreateProcessingJob"]:
            found[request["RoleArn"]].update(self._processing(request))
        for request in self._created["CreateTrainingJob"]:
            found[request["RoleArn"]].update(_training(request))
        for request in self._created["CreateTransformJob"]:
            model = self._named("CreateModel", "ModelName", request["ModelName"])
            found[model["ExecutionRoleArn"]].update(self._transform(request, model))
        for operation in ("CreateEndpoint", "UpdateEndpoint"):
            for request in self._created[operation]:
                for model in self._served(request["EndpointConfigName"]):
                    found[model["ExecutionRoleArn"]].update(self._endpoint(request, model))
        return found

    def _named(self, operation: str, field: str, name: str) -> Request:
        return next(request for request in self._created[operation] if request[field] == name)

    def _served(self, config: str) -> Iterator[Request]:
        found = self._named("CreateEndpointConfig", "EndpointConfigName", config)
        for variant in found["ProductionVariants"]:
            yield self._named("CreateModel", "ModelName", variant["ModelName"])

    def _listed(self, manifest: str) -> Iterator[Right]:
        """Yield the permissions to read the objects of a manifest."""
        yield _object("s3:GetObject", manifest)
        yield _object("s3:GetObject", f"{self._prefix_of(manifest)}x")

    def _processing(self, request: Request) -> Iterator[Right]:
        for entry in request["ProcessingInputs"]:
            source = entry["S3Input"]
            is_manifest = source["S3DataType"] == "ManifestFile"
            yield from (self._listed if is_manifest else _input)(source["S3Uri"])
        for entry in request["ProcessingOutputConfig"]["Outputs"]:
            yield _object("s3:PutObject", f"{entry['S3Output']['S3Uri']}/x")
        if not request.get("NetworkConfig", {}).get("EnableNetworkIsolation"):
            yield from _container_calls(*request["AppSpecification"]["ContainerArguments"])
        yield from _image(request["AppSpecification"]["ImageUri"])
        yield from _monitoring("ProcessingJobs", f"{request['ProcessingJobName']}/algo-1")

    def _transform(self, request: Request, model: Request) -> Iterator[Right]:
        manifest = request["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]
        yield from self._listed(manifest)
        yield _object("s3:PutObject", f"{request['TransformOutput']['S3OutputPath']}/x.out")
        yield from self._model(model)
        yield from _monitoring("TransformJobs", f"{request['TransformJobName']}/i-1")

    def _endpoint(self, request: Request, model: Request) -> Iterator[Right]:
        yield from self._model(model)
        yield from _monitoring(f"Endpoints/{request['EndpointName']}", "AllTraffic/i-1")
        if request.get("DeploymentConfig", {}).get("AutoRollbackConfiguration"):
            yield Right("cloudwatch:DescribeAlarms", "*")

    def _model(self, model: Request) -> Iterator[Right]:
        container = model["PrimaryContainer"]
        if package := container.get("ModelPackageName"):
            group = package.split("/")[1]
            registered = self._named("CreateModelPackage", "ModelPackageGroupName", group)
            (container,) = registered["InferenceSpecification"]["Containers"]
        yield from _input(container["ModelDataUrl"])
        yield from _image(container["Image"])


def _container_calls(command: str, *words: str) -> Iterator[Right]:
    """Yield the permissions for the calls that a command makes itself."""
    flags = dict(zip(words[::2], words[1::2], strict=True))
    if command == "select":
        for flag in ("--incoming", "--batches"):
            yield from _input(flags[flag])
    if command == "fetch":
        yield from fetch_rights(flags["--source"], flags["--drafts"])


def _training(request: Request) -> Iterator[Right]:
    for channel in request["InputDataConfig"]:
        yield from _input(channel["DataSource"]["S3DataSource"]["S3Uri"])
    output, name = request["OutputDataConfig"]["S3OutputPath"], request["TrainingJobName"]
    yield _object("s3:PutObject", f"{output}/{name}/output/model.tar.gz")
    if checkpoints := request.get("CheckpointConfig", {}).get("S3Uri"):
        yield from _input(f"{checkpoints}/")
        yield _object("s3:PutObject", f"{checkpoints}/x")
    yield from _image(request["AlgorithmSpecification"]["TrainingImage"])
    yield from _monitoring("TrainingJobs", f"{name}/algo-1")


def _input(uri: str) -> Iterator[Right]:
    """Yield the permissions to read an object, or all objects with a prefix."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    yield Right("s3:ListBucket", f"arn:aws:s3:::{bucket}", (("s3:prefix", key),))
    yield _object("s3:GetObject", f"{uri}x" if uri.endswith("/") else uri)


def _object(action: str, uri: str) -> Right:
    return Right(action, f"arn:aws:s3:::{uri.removeprefix('s3://')}")


def _image(uri: str) -> Iterator[Right]:
    """Yield the permissions to pull an image.

    AWS's guide lists them for the execution role with any image, including SageMaker's images.
    """
    registry, _, name = uri.partition("/")
    account = registry.partition(".")[0]
    repository = name.partition("@")[0].partition(":")[0]
    yield Right("ecr:GetAuthorizationToken", "*")
    for action in ("BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer"):
        arn = f"arn:aws:ecr:{REGION}:{account}:repository/{repository}"
        yield Right(f"ecr:{action}", arn)


def _monitoring(group: str, stream: str) -> Iterator[Right]:
    """Yield the permissions for a container's log and its instance's metrics."""
    for action in ("CreateLogGroup", "CreateLogStream", "DescribeLogStreams"):
        yield Right(f"logs:{action}", f"{LOGS}{group}")
    yield Right("logs:PutLogEvents", f"{LOGS}{group}:log-stream:{stream}")
    namespace = f"/aws/sagemaker/{group.partition('/')[0]}"
    yield Right("cloudwatch:PutMetricData", "*", (("cloudwatch:namespace", namespace),))
