"""The links lead to the AWS console, and nowhere when the jobs do not run on AWS."""

import boto3
import pytest

from sagemaker_jobs.links import SageMakerJobLink, console_url


@pytest.mark.parametrize(
    ("region", "url"),
    [
        ("eu-west-1", "https://console.aws.amazon.com/sagemaker/home?region=eu-west-1#/jobs/x"),
        ("cn-north-1", "https://console.amazonaws.cn/sagemaker/home?region=cn-north-1#/jobs/x"),
    ],
)
def test_console_by_partition(region: str, url: str) -> None:
    assert console_url(boto3.client("sagemaker", region_name=region), "jobs/x") == url


def test_a_local_aws_has_no_console() -> None:
    client = boto3.client("sagemaker", region_name="us-east-1", endpoint_url="http://127.0.0.1:9")
    assert console_url(client, "jobs/x") == ""


def test_the_link_is_what_the_operator_noted() -> None:
    class Operator:
        console_url = "https://console"

    link = SageMakerJobLink()
    assert link.get_link(Operator(), ti_key=None) == "https://console"  # type: ignore[arg-type]
    assert link.get_link(object(), ti_key=None) == ""  # type: ignore[arg-type]
