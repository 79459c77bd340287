"""The bucket: does it exist, in the right region, and may it be written to?"""

from __future__ import annotations

from typing import Any

from include.common.aws_errors import error_code, is_denied
from include.decisions.preflight.access import Aws, error_message, failed_call
from include.decisions.preflight.finding import Finding, failed, ok
from include.storage.layout import Layout

MISSING = frozenset({"404", "NoSuchBucket", "NotFound"})


def check_bucket(aws: Aws, bucket: str) -> Finding:
    """Return whether the bucket exists, in the region that jobs run in."""
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
            f"make it (aws s3 mb s3://{bucket}), or set the Variable artifact_bucket to another",
        )
    if location == region:
        return ok(check, f"{bucket} is in {location}")
    return failed(
        check,
        f"{bucket} is in {location}, but jobs run in {region}, which read buckets of theirs only",
        f"set the Variable artifact_bucket to a bucket in {region}, or region_name of aws_default "
        f"to {location}",
    )


def check_writing(aws: Aws, layout: Layout) -> Finding:
    """Return whether a small object can be written below a pipeline's folder and deleted again."""
    check, where = "writing", layout.uri(layout.root)
    place = {"Bucket": layout.bucket, "Key": layout.preflight}
    done = "written"
    try:
        s3 = aws("s3")
        s3.put_object(**place, Body=b"")
        done = "deleted"
        s3.delete_object(**place)
    except Exception as error:
        return _not_done(check, where, done, error)
    return ok(check, f"objects below {where} can be written and deleted")


def _not_done(check: str, where: str, done: str, error: BaseException) -> Finding:
    action = {"written": "s3:PutObject", "deleted": "s3:DeleteObject"}[done]
    if error_code(error) in MISSING:
        return failed(
            check, f"nothing can be {done} below {where}: no such bucket", "make it first"
        )
    if is_denied(error):
        return failed(
            check,
            f"nothing can be {done} below {where}: {error_message(error)}",
            f"allow {action} on {where}* to whoever runs Airflow, and in the bucket's policy",
        )
    return failed_call(check, action, error)


def _region(constraint: Any) -> str:
    """Return a bucket's region: the first two have names of their own."""
    return {None: "us-east-1", "": "us-east-1", "EU": "eu-west-1"}.get(constraint, str(constraint))
