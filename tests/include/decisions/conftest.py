"""An S3 client with the pipeline's bucket, in moto."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from include.storage.layout import Layout


@pytest.fixture
def client(layout: Layout) -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=layout.bucket)
        yield client
