"""The IAM permissions that a boto3 call needs, by AWS's service authorization reference.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.iam.evaluator import Right

ACCOUNT, REGION = "123456789012", "us-east-1"
SAGEMAKER = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:"

KINDS = {
    "TrainingJob": "training-job",
    "ProcessingJob": "processing-job",
    "TransformJob": "transform-job",
    "Model": "model",
    "ModelPackage": "model-package",
    "ModelPackageGroup": "model-package-group",
    "EndpointConfig": "endpoint-config",
    "Endpoint": "endpoint",
}
"""SageMaker's resource types in ARNs, by their name in operations."""

OBJECT_CALLS = {
    "GetObject": "s3:GetObject",
    "HeadObject": "s3:GetObject",
    "PutObject": "s3:PutObject",
    "CopyObject": "s3:PutObject",
    "CreateMultipartUpload": "s3:PutObject",
    "UploadPart": "s3:PutObject",
    "UploadPartCopy": "s3:PutObject",
    "CompleteMultipartUpload": "s3:PutObject",
    "DeleteObject": "s3:DeleteObject",
    "AbortMultipartUpload": "s3:AbortMultipartUpload",
    "ListParts": "s3:ListMultipartUploadParts",
}
BUCKET_CALLS = {
    "ListObjectsV2": "s3:ListBucket",
    "ListMultipartUploads": "s3:ListBucketMultipartUploads",
    "GetBucketLocation": "s3:GetBucketLocation",
    "GetBucketEncryption": "s3:GetEncryptionConfiguration",
}


@dataclass(frozen=True)
class Call:
    """A call: boto3's service, the operation and its parameters."""

    service: str
    operation: str
    params: Mapping[str, Any]


def needed(call: Call) -> Iterator[Right]:
    """Yield the permissions that the caller needs.

    Raises:
        KeyError: The call is unknown: add it from AWS's service authorization reference.
    """
    yield from _SERVICES[call.service](call.operation, call.params)


def _sagemaker(operation: str, params: Mapping[str, Any]) -> Iterator[Right]:
    action = f"sagemaker:{operation}"
    if operation in ("ListTags", "AddTags"):
        yield Right(action, params["ResourceArn"])
    elif operation.startswith(("List", "Search")):
        yield Right(action, "*")
    else:
        yield from _of_resource(action, params)


def _of_resource(action: str, params: Mapping[str, Any]) -> Iterator[Right]:
    match = re.fullmatch(r"sagemaker:(Create|Describe|Update|Delete|Stop)(\w+)", action)
    if match is None:
        raise KeyError(action)
    kind = match[2]
    if kind == "ModelPackage":
        resources = list(_packages(params))
    else:
        resources = [_arn(KINDS[kind], params[f"{kind}Name"])]
    if kind == "Endpoint" and "EndpointConfigName" in params:
        resources.append(_arn("endpoint-config", params["EndpointConfigName"]))
    yield from (Right(action, resource) for resource in resources)
    if "Tags" in params:
        yield Right("sagemaker:AddTags", resources[0])
    if package := params.get("PrimaryContainer", {}).get("ModelPackageName"):
        yield Right(action, package)
    for field in ("RoleArn", "ExecutionRoleArn"):
        if field in params:
            passed = (("iam:PassedToService", "sagemaker.amazonaws.com"),)
            yield Right("iam:PassRole", params[field], passed)


def _packages(params: Mapping[str, Any]) -> Iterator[str]:
    for field in ("ModelPackageName", "ModelPackageArn"):
        if field in params:
            yield params[field]
    if group := params.get("ModelPackageGroupName"):
        yield _arn("model-package", f"{group}/1")
        yield _arn("model-package-group", group)


def _arn(kind: str, name: str) -> str:
    return f"{SAGEMAKER}{kind}/{name}"


def _runtime(operation: str, params: Mapping[str, Any]) -> Iterator[Right]:
    yield Right(f"sagemaker:{operation}", _arn("endpoint", params["EndpointName"]))


def _s3(operation: str, params: Mapping[str, Any]) -> Iterator[Right]:
    bucket = f"arn:aws:s3:::{params['Bucket']}"
    if operation in BUCKET_CALLS:
        prefix = (("s3:prefix", params["Prefix"]),) if "Prefix" in params else ()
        yield Right(BUCKET_CALLS[operation], bucket, prefix)
        return
    yield Right(OBJECT_CALLS[operation], f"{bucket}/{params['Key']}")
    if "CopySource" in params:
        source = params["CopySource"]
        place = source if isinstance(source, str) else f"{source['Bucket']}/{source['Key']}"
        yield Right("s3:GetObject", f"arn:aws:s3:::{place}")


def _logs(operation: str, params: Mapping[str, Any]) -> Iterator[Right]:
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{params['logGroupName']}"
    stream = params.get("logStreamName")
    yield Right(f"logs:{operation}", f"{group}:log-stream:{stream}" if stream else group)


def _ecr(operation: str, params: Mapping[str, Any]) -> Iterator[Right]:
    account = params.get("registryId", ACCOUNT)
    name = params["repositoryName"]
    yield Right(f"ecr:{operation}", f"arn:aws:ecr:{REGION}:{account}:repository/{name}")


def _iam(operation: str, params: Mapping[str, Any]) -> Iterator[Right]:
    role = params.get("PolicySourceArn") or f"arn:aws:iam::{ACCOUNT}:role/{params['RoleName']}"
    yield Right(f"iam:{operation}", role)


def _kms(operation: str, params: Mapping[str, Any]) -> Iterator[Right]:
    yield Right(f"kms:{operation}", params["KeyId"])


def _sns(operation: str, params: Mapping[str, Any]) -> Iterator[Right]:
    yield Right(f"sns:{operation}", params.get("TopicArn") or params["TargetArn"])


def _quotas(operation: str, params: Mapping[str, Any]) -> Iterator[Right]:
    yield Right(f"servicequotas:{operation}", "*")


def _cloudwatch(operation: str, params: Mapping[str, Any]) -> Iterator[Right]:
    """GetMetricData has no resource type, so it cannot be restricted to an endpoint's metrics."""
    yield Right(f"cloudwatch:{operation}", "*")


def _sts(operation: str, params: Mapping[str, Any]) -> Iterator[Right]:
    """GetCallerIdentity needs no permission."""
    assert operation == "GetCallerIdentity"
    yield from ()


_SERVICES = {
    "sagemaker": _sagemaker,
    "sagemaker-runtime": _runtime,
    "s3": _s3,
    "logs": _logs,
    "cloudwatch": _cloudwatch,
    "ecr": _ecr,
    "iam": _iam,
    "kms": _kms,
    "sns": _sns,
    "service-quotas": _quotas,
    "sts": _sts,
}
