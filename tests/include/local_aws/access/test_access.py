"""A running server accepts requests signed with its keys, and rejects all others."""

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
import yaml
from botocore.config import Config
from botocore.exceptions import ClientError

from include.local_aws.settings import Credentials
from tests.include.local_aws.keys import signature
from tests.include.local_aws.local_server import LocalServer

PUBLIC = Credentials("local", "local-secret")
CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "sagemaker": ("list_models", {}),
    "sagemaker-runtime": ("invoke_endpoint", {"EndpointName": "none", "Body": b""}),
    "logs": ("describe_log_groups", {}),
    "cloudwatch": ("list_metrics", {}),
    "sts": ("get_caller_identity", {}),
    "iam": ("get_role", {"RoleName": "jobs"}),
    "sns": ("list_topics", {}),
}
QUERY = ("sts", "iam", "sns")
CODES = {
    "key": ("UnrecognizedClientException", "InvalidClientTokenId"),
    "secret": ("InvalidSignatureException", "SignatureDoesNotMatch"),
}


def _client(aws: LocalServer, service: str, keys: Credentials) -> Any:
    s3 = aws.environment["AWS_ENDPOINT_URL_S3"]
    return boto3.session.Session().client(
        service,
        endpoint_url=s3 if service == "s3" else aws.url,
        region_name="us-east-1",
        aws_access_key_id=keys.access_key_id,
        aws_secret_access_key=keys.secret_access_key,
        config=Config(retries={"total_max_attempts": 1}),
    )


@pytest.mark.parametrize("service", CALLS)
@pytest.mark.parametrize("wrong", CODES)
def test_every_service_rejects_other_keys(aws: LocalServer, service: str, wrong: str) -> None:
    keys = PUBLIC if wrong == "key" else Credentials(aws.credentials.access_key_id, "a" * 40)
    method, arguments = CALLS[service]
    with pytest.raises(ClientError) as rejected:
        getattr(_client(aws, service, keys), method)(**arguments)
    error = rejected.value.response["Error"]
    assert error["Code"] == CODES[wrong][service in QUERY]
    assert f"The keys of this local AWS are in {aws.root}/credentials" in error["Message"]
    assert rejected.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


@pytest.mark.parametrize("service", [name for name in CALLS if name != "sagemaker-runtime"])
def test_every_service_accepts_the_right_keys(aws: LocalServer, service: str) -> None:
    method, arguments = CALLS[service]
    assert getattr(aws.client(service), method)(**arguments)


def test_a_forged_signature_is_rejected(aws: LocalServer) -> None:
    scope = f"{aws.credentials.access_key_id}/20260101/us-east-1/sagemaker/aws4_request"
    zeros = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature={'0' * 64}"
    headers = {"Authorization": zeros, "X-Amz-Target": "SageMaker.ListModels"}
    answer = httpx.post(aws.url, headers=headers, content="{}")
    assert (answer.status_code, answer.json()["__type"]) == (403, "InvalidSignatureException")


def test_s3_rejects_other_keys(aws: LocalServer) -> None:
    with pytest.raises(ClientError) as rejected:
        _client(aws, "s3", PUBLIC).list_buckets()
    assert rejected.value.response["Error"]["Code"] == "InvalidAccessKeyId"
    assert httpx.get(aws.environment["AWS_ENDPOINT_URL_S3"]).status_code == 403


def test_a_client_with_the_announced_variables_is_accepted(
    aws: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name, value in aws.announced.items():
        monkeypatch.setenv(name, value)
    for service in ("sagemaker", "s3", "sts"):
        method, arguments = CALLS.get(service, ("list_buckets", {}))
        assert getattr(boto3.session.Session().client(service), method)(**arguments)


def test_the_announced_profile_is_sufficient(
    aws: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The two configuration files contain the addresses of the server, too."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, aws.announced[name])
    session = boto3.session.Session()
    assert session.region_name == "us-east-1"
    assert session.client("sts").meta.endpoint_url == aws.url
    assert session.client("s3").meta.endpoint_url == aws.announced["AWS_ENDPOINT_URL_S3"]


def test_the_sagemaker_sdks_have_a_default_bucket(aws: LocalServer) -> None:
    """Without it they call STS at the address of AWS; `python -m tests.clients` runs them."""
    file = Path(aws.announced["SAGEMAKER_USER_CONFIG_OVERRIDE"])
    config = yaml.safe_load(file.read_text())
    bucket = config["SageMaker"]["PythonSDK"]["Modules"]["Session"]["DefaultS3Bucket"]
    assert (config["SchemaVersion"], bucket) == ("1.0", "sagemaker-us-east-1-123456789012")


def _files(root: Path) -> Iterator[Path]:
    yield root
    yield from (root / name for name in ("state.sqlite", "credentials", "config", "status-url"))
    yield from (root / "s3" / name for name in ("s3.json", "security.toml", "tls.key", "weed.log"))
    yield from (root / "logs").rglob("*")


def test_other_users_cannot_read_files_of_the_folder(aws: LocalServer) -> None:
    aws.wait_for_job("training", aws.train(aws.put("modes", a="1")))
    open_to_others = [file for file in _files(aws.root) if file.stat().st_mode & 0o077]
    assert open_to_others == []
    assert any(file.is_file() for file in (aws.root / "logs").rglob("*"))


def test_a_program_has_the_umask_of_a_container(aws: LocalServer) -> None:
    """Otherwise another user in a container on AWS could not read a model's files."""
    name = aws.train(aws.put("umask", a="1"))
    model = aws.wait_for_job("training", name)["ModelArtifacts"]["S3ModelArtifacts"]
    with tarfile.open(fileobj=io.BytesIO(aws.get(model))) as archive:
        modes = {member.mode & 0o777 for member in archive if member.isfile()}
    assert modes == {0o644}


def test_the_page_requires_its_key_and_sets_a_cookie(aws: LocalServer) -> None:
    for path in ("/", "/jobs/training/a", "/log?group=a&stream=b", "/log.txt", "/?key=wrong"):
        answer = httpx.get(aws.url + path)
        assert answer.status_code == 403, path
        assert f"{aws.root}/status-url" in answer.text
    with httpx.Client() as browser:
        entered = browser.get(aws.status_url)
        assert (entered.status_code, entered.headers["location"]) == (303, "/")
        cookie = entered.headers["set-cookie"]
        assert cookie.startswith(f"local_aws_page_{aws.port}=")
        assert "HttpOnly" in cookie
        assert browser.get(aws.url).status_code == 200


def test_requests_cannot_be_signed_with_the_pages_key(aws: LocalServer) -> None:
    key = aws.status_url.rpartition("=")[2]
    keys = Credentials(aws.credentials.access_key_id, key)
    target = {"X-Amz-Target": "SageMaker.ListModels"}
    headers = signature(keys, aws.url, body="{}", headers=target)
    assert httpx.post(aws.url, headers=headers, content="{}").status_code == 403
