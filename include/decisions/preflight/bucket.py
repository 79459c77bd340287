"""Checks of the bucket: it exists, is in the jobs' region, and can be written to."""

from __future__ import annotations

from typing import Any

from include.common.aws_errors import error_code, is_denied
from include.decisions.preflight.access import Aws, error_message, failed_call
from include.decisions.preflight.finding import Finding, failed, ok
from include.storage.layout import Layout

MISSING = frozenset({"404", "NoSuchBucket", "NotFound"})


def check_bucket(aws: Aws, bucket: str) -> Finding:
    """Check that the bucket exists in the jobs' region."""
    check = "bucket"
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
            f"create it (aws s3 mb s3://{bucket}), or set the Variable artifact_bucket to another",
        )
    if location == region:
        return ok(check, f"{bucket} is in {location}")
    return failed(
        check,
        f"{bucket} is in {location}, but jobs run in {region} and only read buckets of that region",
        f"set the Variable artifact_bucket to a bucket in {region}, or region_name of aws_default "
        f"to {location}",
    )


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
