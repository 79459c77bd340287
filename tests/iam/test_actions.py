"""docs/iam/airflow.json allows exactly the actions that the code calls."""

import ast
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import boto3
from botocore import xform_name

from sagemaker_jobs.endpoints.resources import ENDPOINT_CONFIG, MODEL
from sagemaker_jobs.jobs.kinds import KINDS
from tests.iam.evaluator import grants

ROOT = Path(__file__).parents[2]
CODE = ("plugins", "dags", "include/decisions", "include/preflight.py")
SERVICES = (
    "sagemaker",
    "sagemaker-runtime",
    "s3",
    "logs",
    "cloudwatch",
    "ecr",
    "iam",
    "kms",
    "service-quotas",
)

PREFIXES = {"sagemaker-runtime": "sagemaker", "service-quotas": "servicequotas"}
"""Services whose IAM prefix differs from the name in boto3."""

ACTIONS = {
    "s3:HeadObject": {"s3:GetObject"},
    "s3:GetBucketEncryption": {"s3:GetEncryptionConfiguration"},
    "s3:ListObjectsV2": {"s3:ListBucket"},
    "s3:CopyObject": {"s3:GetObject", "s3:PutObject"},
    "s3:CreateMultipartUpload": {"s3:PutObject"},
    "s3:UploadPart": {"s3:PutObject"},
    "s3:CompleteMultipartUpload": {"s3:PutObject"},
    "s3:ListMultipartUploads": {"s3:ListBucketMultipartUploads"},
    "s3:ListParts": {"s3:ListMultipartUploadParts"},
}
"""Calls whose IAM action has another name.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
"""

IMPLICIT = {
    "iam:PassRole",  # calls that create a job, model or endpoint pass a role
    "sagemaker:AddTags",  # Create* with Tags
    "sagemaker:Search",  # see `_operations`
    "sns:Publish",  # the SNS notifier, by the provider's hook
}


def test_the_policy_allows_every_call_of_the_code() -> None:
    """Without this test, a new call without its permission would fail on AWS only."""
    missing = _called() - _allowed("airflow.json")
    assert not missing


def test_the_policy_allows_nothing_else() -> None:
    """An unused permission can be misused."""
    assert _allowed("airflow.json") - _called() <= IMPLICIT


def test_actions_on_objects_have_resources_of_objects() -> None:
    """IAM silently ignores an action on a resource of another type."""
    for file in ("airflow.json", "jobs.json", "endpoint.json"):
        for grant in grants(json.loads((ROOT / "docs" / "iam" / file).read_text())):
            of_object = grant.action.endswith(("Object", "AbortMultipartUpload", "UploadParts"))
            if grant.action.startswith("s3:"):
                assert grant.resource.startswith("arn:aws:s3:::BUCKET/") == of_object, str(grant)


def _called() -> set[str]:
    calls = {name for part in CODE for file in _files(ROOT / part) for name in _names(file)}
    for kind in KINDS:
        calls |= {f"{verb}_{kind}_job" for verb in ("create", "describe", "stop")}
        calls.add(f"list_{kind}_jobs")
    for resource in (MODEL, ENDPOINT_CONFIG):
        calls |= {f"{verb}_{resource.call}" for verb in ("create", "describe")}
    found: set[str] = set()
    for action in (_operations()[call] for call in calls if call in _operations()):
        found |= ACTIONS.get(action, {action})
    return found


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else list(path.rglob("*.py"))


def _names(file: Path) -> Iterator[str]:
    """Yield the names that may be calls: attributes, and texts (the argument of get_paginator)."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@cache
def _operations() -> dict[str, str]:
    """Return the IAM action of each boto3 method, but not of two that are also other names.

    `search` is a method of re, `verify` an attribute of Airflow's operators. That the policy allows
    Search is checked by the call in `tests.iam.task_calls`.
    """
    found = {}
    for service in SERVICES:
        client = boto3.client(
            service, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
        )
        for operation in client.meta.service_model.operation_names:
            prefix = PREFIXES.get(service, service)
            found[xform_name(operation)] = f"{prefix}:{operation}"
    del found["search"], found["verify"]
    return found


def _allowed(file: str) -> set[str]:
    policy = json.loads((ROOT / "docs" / "iam" / file).read_text())
    return {grant.action for grant in grants(policy)}
