"""The S3 client of commands."""

import boto3
import pytest
from moto import mock_aws

from include.image_classification.s3_access import find_object, s3_client


def test_times_are_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Protects the time of a listing, two thirds of which would go into parsing times."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="bucket")
        s3 = s3_client()
        s3.put_object(Bucket="bucket", Key="a.jpg", Body=b"photo")
        found = find_object(s3, "bucket", "a.jpg")
        read = s3.get_object(Bucket="bucket", Key="a.jpg")
    assert found is not None
    assert isinstance(found["LastModified"], str)
    assert (found["Size"], found["ETag"]) == (5, read["ETag"])
    assert read["Body"].read() == b"photo"
