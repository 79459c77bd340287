"""Tests of the checks of the bucket."""

import pytest

from include.decisions.preflight.bucket import check_bucket, check_writing
from include.storage.layout import Layout
from tests.include.decisions.preflight.conftest import BUCKET, StubbedAws

LAYOUT = Layout(BUCKET, "stanford_cars")
OBJECT = {"Bucket": BUCKET, "Key": "stanford_cars/preflight"}


def test_a_bucket_in_the_jobs_region_is_ok(aws: StubbedAws) -> None:
    """us-east-1 has no location constraint."""
    aws["s3"].answer("get_bucket_location", {}, Bucket=BUCKET)
    finding = check_bucket(aws, BUCKET)
    assert (finding.status, finding.found) == ("ok", "some-bucket is in us-east-1")


@pytest.mark.parametrize(
    ("constraint", "region"), [("eu-central-1", "eu-central-1"), ("EU", "eu-west-1")]
)
def test_a_bucket_in_another_region_fails(aws: StubbedAws, constraint: str, region: str) -> None:
    answer = {"LocationConstraint": constraint}
    aws["s3"].answer("get_bucket_location", answer, Bucket=BUCKET)
    finding = check_bucket(aws, BUCKET)
    assert finding.status == "failed"
    assert f"some-bucket is in {region}, but jobs run in us-east-1" in finding.found
    assert f"region_name of aws_default to {region}" in finding.fix


def test_a_missing_bucket_fails(aws: StubbedAws) -> None:
    aws["s3"].refuse("get_bucket_location", "NoSuchBucket")
    finding = check_bucket(aws, BUCKET)
    assert (finding.status, finding.found) == ("failed", "there is no bucket some-bucket")
    assert finding.fix.startswith("create it (aws s3 mb s3://some-bucket)")


def test_without_the_permission_the_region_is_unknown(aws: StubbedAws) -> None:
    aws["s3"].refuse("get_bucket_location", "AccessDenied", "Access Denied")
    finding = check_bucket(aws, BUCKET)
    assert finding.status == "unknown"
    assert finding.fix == "allow s3:GetBucketLocation, or check it by hand"


def test_an_object_is_written_and_deleted(aws: StubbedAws) -> None:
    aws["s3"].answer("put_object", {}, **OBJECT, Body=b"")
    aws["s3"].answer("delete_object", {}, **OBJECT)
    finding = check_writing(aws, LAYOUT)
    assert finding.status == "ok"
    assert "s3://some-bucket/stanford_cars/" in finding.found


@pytest.mark.parametrize(
    ("denied", "action"), [("put_object", "s3:PutObject"), ("delete_object", "s3:DeleteObject")]
)
def test_a_missing_permission_to_write_fails(aws: StubbedAws, denied: str, action: str) -> None:
    if denied == "delete_object":
        aws["s3"].answer("put_object", {})
    aws["s3"].refuse(denied, "AccessDenied", "not authorized")
    finding = check_writing(aws, LAYOUT)
    assert finding.status == "failed"
    assert "not authorized" in finding.found
    assert finding.fix.startswith(f"allow {action} on s3://some-bucket/stanford_cars/*")


def test_a_missing_bucket_cannot_be_written(aws: StubbedAws) -> None:
    aws["s3"].refuse("put_object", "NoSuchBucket")
    assert check_writing(aws, LAYOUT).status == "failed"


def test_another_error_of_s3_is_unknown(aws: StubbedAws) -> None:
    aws["s3"].refuse("put_object", "SlowDown", "Reduce your request rate")
    finding = check_writing(aws, LAYOUT)
    assert (finding.status, "SlowDown" in finding.found) == ("unknown", True)
