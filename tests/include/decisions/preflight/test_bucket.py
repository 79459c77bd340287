"""Tests of the checks of the bucket."""

import pytest

from include.config import Deployment, Pipeline
from include.decisions.preflight.bucket import check_bucket, check_source_bucket, check_writing
from include.storage.layout import Layout
from tests.include.decisions.preflight.conftest import BUCKET, StubbedAws

LAYOUT = Layout(BUCKET, "stanford_cars")
OBJECT = {"Bucket": BUCKET, "Key": "stanford_cars/preflight"}


def test_a_bucket_in_the_jobs_region_is_ok(aws: StubbedAws) -> None:
    """us-east-1 has no location constraint."""
    aws["s3"].answer("get_bucket_location", {}, Bucket=BUCKET)
    aws.use_emulator("s3")
    finding, owner = check_bucket(aws, BUCKET)
    assert owner.status == "unknown"
    assert (finding.status, finding.found) == ("ok", "some-bucket is in us-east-1")


@pytest.mark.parametrize(
    ("constraint", "region"), [("eu-central-1", "eu-central-1"), ("EU", "eu-west-1")]
)
def test_a_bucket_in_another_region_fails(aws: StubbedAws, constraint: str, region: str) -> None:
    answer = {"LocationConstraint": constraint}
    aws["s3"].answer("get_bucket_location", answer, Bucket=BUCKET)
    (finding,) = check_bucket(aws, BUCKET)
    assert finding.status == "failed"
    assert f"some-bucket is in {region}, but jobs run in us-east-1" in finding.found
    assert f"region_name of aws_default to {region}" in finding.fix


def test_a_missing_bucket_fails(aws: StubbedAws) -> None:
    aws["s3"].refuse("get_bucket_location", "NoSuchBucket")
    (finding,) = check_bucket(aws, BUCKET)
    assert (finding.status, finding.found) == ("failed", "there is no bucket some-bucket")
    assert finding.fix.startswith("create it (aws s3 mb s3://some-bucket)")


def test_without_the_permission_the_region_is_unknown(aws: StubbedAws) -> None:
    aws["s3"].refuse("get_bucket_location", "AccessDenied", "Access Denied")
    (finding,) = check_bucket(aws, BUCKET)
    assert finding.status == "unknown"
    assert finding.fix == "allow s3:GetBucketLocation, or check it by hand"


def _owned_by(aws: StubbedAws, owner: str) -> None:
    """Prepare a bucket in the jobs' region, of an account, for a caller of account 123456789012."""
    answer = {"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/me", "UserId": "x"}
    aws["sts"].answer("get_caller_identity", answer)
    aws["s3"].answer("get_bucket_location", {})
    if owner == answer["Account"]:
        aws["s3"].answer("get_bucket_location", {}, Bucket=BUCKET, ExpectedBucketOwner=owner)
    else:
        aws["s3"].refuse("get_bucket_location", "AccessDenied")


@pytest.mark.parametrize(("owner", "status"), [("123456789012", "ok"), ("210987654321", "failed")])
def test_the_bucket_of_another_account_fails(aws: StubbedAws, owner: str, status: str) -> None:
    """S3 answers with AccessDenied, although the same call without the expected owner succeeds."""
    _owned_by(aws, owner)
    region, finding = check_bucket(aws, BUCKET)
    assert (region.status, finding.check, finding.status) == ("ok", "bucket owner", status)
    if status == "failed":
        assert finding.found.startswith("some-bucket is not of account 123456789012")
        fix = "set the Variable artifact_bucket to a bucket of account 123456789012"
        assert finding.fix == fix


@pytest.mark.parametrize(("owner", "status"), [("123456789012", "ok"), ("210987654321", "unknown")])
def test_a_source_may_be_in_the_bucket_of_another_account(
    aws: StubbedAws, cars: Pipeline, deployment: Deployment, owner: str, status: str
) -> None:
    source = cars.source.model_copy(update={"uri": f"s3://{BUCKET}/photos/"})
    elsewhere = cars.model_copy(update={"source": source})
    deployment = deployment.__class__(**{**vars(deployment), "bucket": "ours"})
    _owned_by(aws, owner)
    region, finding = check_source_bucket(aws, elsewhere, deployment)
    assert (region.check, region.status) == ("source bucket", "ok")
    assert (finding.check, finding.status) == ("source bucket owner", status)
    assert ("must allow s3:GetObject" in finding.fix) is (status == "unknown")


def test_the_source_in_another_region_names_the_yamls_field(
    aws: StubbedAws, cars: Pipeline, deployment: Deployment
) -> None:
    source = cars.source.model_copy(update={"uri": "s3://theirs/photos/"})
    aws["s3"].answer("get_bucket_location", {"LocationConstraint": "EU"}, Bucket="theirs")
    changed = cars.model_copy(update={"source": source})
    (finding,) = check_source_bucket(aws, changed, deployment)
    assert finding.status == "failed"
    assert finding.fix.startswith("set source.uri in the YAML to a bucket in us-east-1")


def test_the_installations_own_bucket_is_checked_once(
    aws: StubbedAws, cars: Pipeline, deployment: Deployment
) -> None:
    assert list(check_source_bucket(aws, cars, deployment)) == []


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
