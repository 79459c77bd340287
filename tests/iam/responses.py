"""Settings and AWS responses for the recorded calls of tasks."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from include.config import find_pipeline
from include.config.deployment import Deployment
from include.local_run.stack.aws import BUCKET, variables
from include.storage.layout import Layout
from tests.iam.needed import SAGEMAKER

ROOT = Path(__file__).parents[2]
REPOSITORY = "image-classification"
TOPIC = "arn:aws:sns:us-east-1:123456789012:messages"
PIPELINE = find_pipeline("stanford_cars", "local")
LAYOUT = Layout(BUCKET, PIPELINE.name)
SETTINGS = {
    **variables(ROOT),
    "image_uri": f"123456789012.dkr.ecr.us-east-1.amazonaws.com/{REPOSITORY}:1",
}
DEPLOYMENT = Deployment(
    name=SETTINGS["deployment"],
    bucket=BUCKET,
    role_arn=SETTINGS["sagemaker_role_arn"],
    image_uri=SETTINGS["image_uri"],
    region="us-east-1",
    endpoint_role_arn=SETTINGS["sagemaker_endpoint_role_arn"],
)
EARLIER, NOW = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
PIPELINE_TAGS = {"pipeline": PIPELINE.name, "deployment": DEPLOYMENT.name}
TRAINING = "stanford-cars-train-0123456789ab"


def client(service: str) -> Any:
    return boto3.client(
        service, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )


class Body:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self) -> bytes:
        return self._content

    def iter_lines(self, chunk_size: int = 1024) -> list[bytes]:
        return self._content.splitlines()

    def iter_chunks(self, size: int) -> list[bytes]:
        return [self._content]


def list_entry(kind: str, name: str) -> dict[str, Any]:
    resource = {"EndpointConfig": "endpoint-config", "Model": "model"}[kind]
    full = f"stanford-cars-{name}"
    return {f"{kind}Name": full, f"{kind}Arn": f"{SAGEMAKER}{resource}/{full}"}


def tags_response(tags: Mapping[str, str]) -> dict[str, Any]:
    return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def client_error(code: str, message: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)
