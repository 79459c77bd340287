"""Checks of the Airflow Variables, the AWS credentials and the region."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from include.common.aws_errors import error_code
from include.config.deployment import SETTINGS, Setting
from include.decisions.preflight.access import Aws, error_message, failed_call
from include.decisions.preflight.finding import Finding, failed, ok, unknown

REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d")

NO_LOGIN = frozenset(
    {
        "CredentialRetrievalError",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "NoCredentialsError",
        "PartialCredentialsError",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)


def check_settings(settings: Mapping[str, str]) -> Iterator[Finding]:
    """Check that each Airflow Variable is set and valid."""
    for setting in SETTINGS:
        yield _variable(setting, settings.get(setting.variable, ""))


def check_login(aws: Aws) -> Finding:
    """Check the credentials, and return their account and identity."""
    check = "login"
    try:
        caller = aws("sts").get_caller_identity()
    except Exception as error:
        if error_code(error) not in NO_LOGIN:
            return failed_call(check, "sts:GetCallerIdentity", error)
        return failed(
            check,
            f"AWS rejects the credentials: {error_message(error)}",
            "give the connection aws_default, or this computer, valid credentials",
        )
    return ok(check, f"account {caller['Account']}, as {caller['Arn']}")


def check_region(aws: Aws) -> Finding:
    """Check the region of the SageMaker client."""
    check = "region"
    fix = "set region_name in the extra of the connection aws_default, or AWS_DEFAULT_REGION"
    try:
        region = aws("sagemaker").meta.region_name
        known = {"us-east-1", *_constraints(aws)}
    except Exception as error:
        if error_code(error) == "NoRegionError":
            return failed(check, "no region is set", fix)
        return failed_call(check, "boto3.client", error)
    if region in known:
        return ok(check, region)
    if not region or not REGION.fullmatch(region):
        return failed(check, f"{region!r} is not a region", fix)
    return unknown(check, f"{region} is not a region that this version of botocore knows", fix)


def _constraints(aws: Aws) -> list[str]:
    shape = aws("s3").meta.service_model.shape_for("BucketLocationConstraint")
    return list(shape.enum)


def _variable(setting: Setting, value: str) -> Finding:
    check = f"Variable {setting.variable}"
    if setting.allows(value):
        return ok(check, value or f"is not set, default: {setting.default}")
    found = f"{value!r} is not valid" if value else "is not set"
    command = f"airflow variables set {setting.variable} <value>"
    return failed(check, found, f"set it to {setting.expected}: {command}")
