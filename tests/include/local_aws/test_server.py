"""Requests that the server's port accepts and refuses."""

import json

import httpx
import pytest
from botocore.exceptions import ClientError

from tests.include.local_aws.keys import KEYS, signature
from tests.include.local_aws.local_server import LocalServer


@pytest.fixture
def url(aws: LocalServer) -> str:
    return aws.environment["AWS_ENDPOINT_URL"]


def test_health(aws: LocalServer, url: str) -> None:
    health = httpx.get(f"{url}/health").json()
    assert health["status"] == "ok"
    assert health["s3_endpoint_url"] == aws.environment["AWS_ENDPOINT_URL_S3"]


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:80", "", "localhost."])
def test_an_unknown_host_name_is_refused(url: str, host: str) -> None:
    """With DNS rebinding, a web page's host name resolves to this server."""
    assert httpx.get(f"{url}/health", headers={"Host": host}).status_code == 403


def test_an_unsigned_request_is_refused(url: str) -> None:
    headers = {"X-Amz-Target": "SageMaker.ListModels"}
    answer = httpx.post(url, content="{}", headers=headers)
    assert answer.status_code == 403
    assert answer.json()["__type"] == "MissingAuthenticationTokenException"


@pytest.mark.parametrize("body", ["", "[]", "{", "7", '{"TrainingJobName": 7}'])
def test_a_malformed_request_is_never_a_server_error(aws: LocalServer, url: str, body: str) -> None:
    target = {"X-Amz-Target": "SageMaker.DescribeTrainingJob"}
    headers = signature(aws.credentials, url, body=body, headers=target)
    answer = httpx.post(url, content=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["__type"] in ("SerializationException", "ValidationException")


def test_an_unsupported_operation_is_named(aws: LocalServer) -> None:
    with pytest.raises(ClientError) as refused:
        aws.sagemaker.list_clusters()
    assert refused.value.response["Error"] == {
        "Code": "UnknownOperationException",
        "Message": "local_aws does not support the operation ListClusters.",
    }


def test_an_s3_request_on_this_port_gets_the_address_of_s3(aws: LocalServer, url: str) -> None:
    with pytest.raises(ClientError) as refused:
        aws.client("s3", url).get_object(Bucket="bucket", Key="key")
    assert refused.value.response["Error"]["Code"] == "WrongEndpoint"
    answer = httpx.get(f"{url}/bucket/key", headers=signature(KEYS, url, service="s3"))
    assert answer.status_code == 400
    assert f"AWS_ENDPOINT_URL_S3={aws.environment['AWS_ENDPOINT_URL_S3']}" in answer.text


def test_other_services_are_served_by_moto(aws: LocalServer) -> None:
    account = aws.client("sts").get_caller_identity()["Account"]
    assert account == "123456789012"
    topic = aws.client("sns").create_topic(Name="alerts")["TopicArn"]
    assert topic in json.dumps(aws.client("sns").list_topics()["Topics"])
    cloudwatch = aws.client("cloudwatch")
    cloudwatch.put_metric_data(Namespace="n", MetricData=[{"MetricName": "m", "Value": 1}])
    assert cloudwatch.list_metrics(Namespace="n")["Metrics"][0]["MetricName"] == "m"
    logs = aws.client("logs")
    logs.create_log_group(logGroupName="/mine")
    assert logs.describe_log_groups()["logGroups"][0]["logGroupName"] == "/mine"


def test_every_role_exists_and_may_do_everything(aws: LocalServer) -> None:
    """The SDK 3.x checks a role's trust and permissions before a job, others need its ARN."""
    iam = aws.client("iam")
    role = iam.get_role(RoleName="jobs")["Role"]
    assert role["Arn"] == "arn:aws:iam::123456789012:role/jobs"
    trusted = role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]
    assert trusted == {"Service": "sagemaker.amazonaws.com"}
    request = {"PolicySourceArn": role["Arn"], "ActionNames": ["s3:ListAllMyBuckets", "logs:Put"]}
    pages = iam.get_paginator("simulate_principal_policy").paginate(**request)
    decisions = [result["EvalDecision"] for page in pages for result in page["EvaluationResults"]]
    assert decisions == ["allowed", "allowed"]
