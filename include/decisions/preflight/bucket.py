"""Checks of buckets: they exist, are in the jobs' region and account, and can be written to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from include.common.aws_errors import error_code, is_denied
from include.common.s3_uri import split_s3_uri
from include.config import Deployment, Pipeline
from include.decisions.preflight.access import Aws, error_message, failed_call, is_emulator
from include.decisions.preflight.finding import Finding, failed, ok, unknown
from include.storage.layout import Layout

MISSING = frozenset({"404", "NoSuchBucket", "NotFound"})


def check_bucket(aws: Aws, bucket: str) -> Iterator[Finding]:
    """Check that the installation's bucket exists in the jobs' region, and whose it is."""
    region = _check_region("bucket", aws, bucket, "the Variable artifact_bucket")
    yield region
    if region.status == "ok":
        yield _check_owner("bucket owner", aws, bucket, "the Variable artifact_bucket")


def check_source_bucket(aws: Aws, pipeline: Pipeline, deployment: Deployment) -> Iterator[Finding]:
    """Check the bucket of `source.uri` likewise, if it is another one than the installation's."""
    bucket = split_s3_uri(pipeline.source.uri)[0] if pipeline.source.uri else deployment.bucket
    if bucket == deployment.bucket:
        return
    region = _check_region("source bucket", aws, bucket, "source.uri in the YAML")
    yield region
    if region.status != "ok":
        return
    owner = _check_owner("source bucket owner", aws, bucket, "source.uri in the YAML")
    if owner.status == "failed":  # Others may deliver photos; only their policy can forbid it.
        account = f"{bucket} is of another account"
        policy = "its policy must allow s3:GetObject and s3:ListBucket"
        owner = unknown(owner.check, account, f"{policy} to Airflow's role and to that of jobs")
    yield owner


def _check_region(check: str, aws: Aws, bucket: str, field: str) -> Finding:
    try:
        s3 = aws("s3")
        location = _region(s3.get_bucket_location(Bucket=bucket).get("LocationConstraint"))
        region = aws("sagemaker").meta.region_name
    except Exception as error:
        if error_code(error) not in MISSING:
            return failed_call(check, "s3:GetBucketLocation", error)
        return failed(
            check,
            f"there is no bucket {bucket}",
            f"create it (aws s3 mb s3://{bucket}), or set {field} to another",
        )
    if location == region:
        return ok(check, f"{bucket} is in {location}")
    return failed(
        check,
        f"{bucket} is in {location}, but jobs run in {region} and only read buckets of that region",
        f"set {field} to a bucket in {region}, or region_name of aws_default to {location}",
    )


def _check_owner(check: str, aws: Aws, bucket: str, field: str) -> Finding:
    """Check that a bucket, which the caller may read, is of the caller's account."""
    try:
        s3 = aws("s3")
        if is_emulator(s3):
            return unknown(check, "the owner of a bucket is checked on AWS only")
        account = aws("sts").get_caller_identity()["Account"]
    except Exception as error:
        return failed_call(check, "sts:GetCallerIdentity", error)
    try:
        s3.get_bucket_location(Bucket=bucket, ExpectedBucketOwner=account)
    except Exception as error:
        if not is_denied(error):
            return failed_call(check, "s3:GetBucketLocation", error)
        return failed(
            check,
            f"{bucket} is not of account {account}: its owner can read and replace all that is "
            "written to it, models included, and its policy decides what jobs may do",
            f"set {field} to a bucket of account {account}",
        )
    return ok(check, f"{bucket} is of account {account}")


def check_writing(aws: Aws, layout: Layout) -> Finding:
    """Check that an object can be written below a pipeline's folder and deleted again."""
    check, folder = "writing", layout.uri(layout.root)
    target = {"Bucket": layout.bucket, "Key": layout.preflight}
    step = "written"
    try:
        s3 = aws("s3")
        s3.put_object(**target, Body=b"")
        step = "deleted"
        s3.delete_object(**target)
    except Exception as error:
        return _failure(check, folder, step, error)
    return ok(check, f"objects below {folder} can be written and deleted")


def _failure(check: str, folder: str, step: str, error: BaseException) -> Finding:
    action = {"written": "s3:PutObject", "deleted": "s3:DeleteObject"}[step]
    if error_code(error) in MISSING:
        return failed(
            check, f"no object can be {step} below {folder}: no such bucket", "create the bucket"
        )
    if is_denied(error):
        return failed(
            check,
            f"no object can be {step} below {folder}: {error_message(error)}",
            f"allow {action} on {folder}* to Airflow's role, and in the bucket's policy",
        )
    return failed_call(check, action, error)


def _region(constraint: Any) -> str:
    """Return a bucket's region: two of the oldest regions have special location constraints."""
    return {None: "us-east-1", "": "us-east-1", "EU": "eu-west-1"}.get(constraint, str(constraint))
