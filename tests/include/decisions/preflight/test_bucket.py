"""The bucket is there, where the jobs are, and takes a small object and its deletion."""

import pytest

from include.decisions.preflight.bucket import check_bucket, check_writing
from include.storage.layout import Layout
from tests.include.decisions.preflight.conftest import BUCKET, StubbedAws

HERE = Layout(BUCKET, "stanford_cars")
OBJECT = {"Bucket": BUCKET, "Key": "stanford_cars/preflight"}


def test_a_bucket_of_the_jobs_region_is_right(aws: StubbedAws) -> None:
    """The oldest region has no name in this answer."""
    aws["s3"].answer("get_bucket_location", {}, Bucket=BUCKET)
    finding = check_bucket(aws, BUCKET)
    assert (finding.status, finding.found) == ("ok", "some-bucket is in us-east-1")


@pytest.mark.parametrize(
    ("constraint", "region"), [("eu-central-1", "eu-central-1"), ("EU", "eu-west-1")]
)
def test_a_bucket_of_another_region_fails(aws: StubbedAws, constraint: str, region: str) -> None:
    answer = {"LocationConstraint": constraint}
    aws["s3"].answer("get_bucket_location", answer, Bucket=BUCKET)
    finding = check_bucket(aws, BUCKET)
    assert finding.status == "failed"
    assert f"some-bucket is in {region}, but jobs run in us-east-1" in finding.found
    assert f"region_name of aws_default to {region}" in finding.fix


def test_a_bucket_that_is_not_there_fails(aws: StubbedAws) -> None:
    aws["s3"].refuse("get_bucket_location", "NoSuchBucket")
    finding = check_bucket(aws, BUCKET)
    assert (finding.status, finding.found) == ("failed", "there is no bucket some-bucket")
    assert finding.fix.startswith("make it (aws s3 mb s3://some-bucket)")


def test_who_may_not_ask_for_the_region_does_not_know(aws: StubbedAws) -> None:
    aws["s3"].refuse("get_bucket_location", "AccessDenied", "Access Denied")
    finding = check_bucket(aws, BUCKET)
    assert finding.status == "unknown"
    assert finding.fix == "allow s3:GetBucketLocation, or look for yourself"


def test_an_object_is_written_and_deleted(aws: StubbedAws) -> None:
    aws["s3"].answer("put_object", {}, **OBJECT, Body=b"")
    aws["s3"].answer("delete_object", {}, **OBJECT)
    finding = check_writing(aws, HERE)
    assert finding.status == "ok"
    assert "s3://some-bucket/stanford_cars/" in finding.found


@pytest.mark.parametrize(
    ("refused", "action"), [("put_object", "s3:PutObject"), ("delete_object", "s3:DeleteObject")]
)
def test_a_folder_that_may_not_be_written_fails(aws: StubbedAws, refused: str, action: str) -> None:
    if refused == "delete_object":
        aws["s3"].answer("put_object", {})
    aws["s3"].refuse(refused, "AccessDenied", "not authorized")
    finding = check_writing(aws, HERE)
    assert finding.status == "failed"
    assert "not authorized" in finding.found
    assert finding.fix.startswith(f"allow {action} on s3://some-bucket/stanford_cars/*")


def test_a_missing_bucket_cannot_be_written(aws: StubbedAws) -> None:
    aws["s3"].refuse("put_object", "NoSuchBucket")
    assert check_writing(aws, HERE).status == "failed"


def test_an_s3_that_is_away_is_unknown(aws: StubbedAws) -> None:
    aws["s3"].refuse("put_object", "SlowDown", "Reduce your request rate")
    finding = check_writing(aws, HERE)
    assert (finding.status, "SlowDown" in finding.found) == ("unknown", True)
