"""Requests generated from the service model: most are valid, some are not."""

import random
from typing import Any

import botocore.session

from include.service_model.violations import find_violations

MODEL = botocore.session.Session().get_service_model("sagemaker")
_ARN = "arn:aws:sagemaker:us-east-1:123456789012"
_GOOD = [
    *("a", "a", "b", "s3://bucket/key", "image:1", "/opt/ml/processing/input", "ml.m5.large"),
    *("arn:aws:iam::123456789012:role/r", f"{_ARN}:model/a", f"{_ARN}:endpoint/a"),
    *(f"{_ARN}:model-package/a/1", f"{_ARN}:training-job/a", "sg-0", "subnet-0"),
]
_ODD = ["", "../..", "s3://", "s3://bucket/../x", "é\x00", "\ud800", "x" * 300, "bnVsbA==", None, 7]
_ODD_NUMBERS = [10**40, -(10**9), 1.5, float("nan"), "7", None, True]
_DEEPEST = 3

_ROLE = "arn:aws:iam::123456789012:role/r"
_S3 = "s3://bucket/key"
_COMPUTE = {"InstanceCount": 1, "InstanceType": "ml.m5.large"}


def first_requests(name: str) -> list[tuple[str, dict[str, Any]]]:
    """Return one valid request for each kind of resource, all with this name."""
    container = {"Image": "image:1", "ModelDataUrl": _S3}
    variant = {"VariantName": name, "ModelName": name, "InitialInstanceCount": 1}
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": _S3}}
    disk = {**_COMPUTE, "VolumeSizeInGB": 1}
    inference = {
        "Containers": [container],
        "SupportedContentTypes": ["image/jpeg"],
        "SupportedResponseMIMETypes": ["application/json"],
    }
    return [
        ("CreateModel", {"ModelName": name, "PrimaryContainer": container}),
        ("CreateModelPackageGroup", {"ModelPackageGroupName": name}),
        (
            "CreateModelPackage",
            {"ModelPackageGroupName": name, "InferenceSpecification": inference},
        ),
        ("CreateEndpointConfig", {"EndpointConfigName": name, "ProductionVariants": [variant]}),
        ("CreateEndpoint", {"EndpointName": name, "EndpointConfigName": name}),
        (
            "CreateTrainingJob",
            {
                "TrainingJobName": name,
                "RoleArn": _ROLE,
                "AlgorithmSpecification": {"TrainingImage": "i", "TrainingInputMode": "File"},
                "OutputDataConfig": {"S3OutputPath": _S3},
                "ResourceConfig": disk,
                "StoppingCondition": {"MaxRuntimeInSeconds": 60},
            },
        ),
        (
            "CreateProcessingJob",
            {
                "ProcessingJobName": name,
                "RoleArn": _ROLE,
                "AppSpecification": {"ImageUri": "i"},
                "ProcessingResources": {"ClusterConfig": disk},
            },
        ),
        (
            "CreateTransformJob",
            {
                "TransformJobName": name,
                "ModelName": name,
                "TransformInput": {"DataSource": source},
                "TransformOutput": {"S3OutputPath": _S3},
                "TransformResources": _COMPUTE,
            },
        ),
    ]


class OddRequests:
    """A generator of requests; the same seed gives the same requests."""

    def __init__(self, seed: int, odds: float = 0.02) -> None:
        self._random = random.Random(seed)
        self._odds = odds

    def request(self, operation: str) -> Any:
        """Return a request of an operation."""
        return self._value(MODEL.operation_model(operation).input_shape, 0)

    def pick(self, options: list[str]) -> str:
        """Return one of the options."""
        return self._random.choice(options)

    def _value(self, shape: Any, depth: int) -> Any:
        make = getattr(self, f"_{shape.type_name}", self._number)
        return make(shape, depth)

    def _structure(self, shape: Any, depth: int) -> Any:
        others = [name for name in shape.members if name not in shape.required_members]
        chosen = self._random.sample(others, self._random.randint(0, min(4, len(others))))
        names = shape.required_members + (chosen if depth < _DEEPEST else [])
        return {name: self._value(shape.members[name], depth + 1) for name in names}

    def _list(self, shape: Any, depth: int) -> Any:
        low = shape.metadata.get("min", 0)
        size = self._random.randint(low, low + 1)
        return [self._value(shape.member, depth + 1) for _ in range(size)]

    def _map(self, shape: Any, depth: int) -> Any:
        key = self._value(shape.key, depth)
        return {key: self._value(shape.value, depth + 1)} if isinstance(key, str) else {}

    def _string(self, shape: Any, depth: int) -> Any:
        right = [
            text for text in [*(shape.enum or []), *_GOOD] if not any(find_violations(shape, text))
        ]
        odd = self._random.random() < self._odds or not right
        return self._random.choice(_ODD if odd else right)

    def _boolean(self, shape: Any, depth: int) -> Any:
        return self._random.random() < 0.5

    def _number(self, shape: Any, depth: int) -> Any:
        if self._random.random() < self._odds:
            return self._random.choice(_ODD_NUMBERS)
        low = shape.metadata.get("min", 0)
        return self._random.randint(low, min(shape.metadata.get("max", low + 9), low + 9))
