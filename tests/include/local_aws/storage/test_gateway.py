"""The gateway of S3: requests for encryption, and requests that are forwarded unchanged."""

import http.client
import io
import socket
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.client import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from tests.include.local_aws.local_server import BUCKET, LocalServer

_LARGE = bytes(range(256)) * 4 * 9 * 1024  # 9 MB: two parts of an upload


@pytest.mark.parametrize(
    "encryption",
    [
        {},
        {"ServerSideEncryption": "AES256"},
        {"ServerSideEncryption": "aws:kms"},
        {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "alias/aws/s3"},
    ],
    ids=lambda encryption: " ".join(map(str, encryption.values())) or "none",
)
@pytest.mark.parametrize("body", [b"", b"content", _LARGE], ids=["empty", "small", "in parts"])
def test_encrypted_uploads_can_be_read(
    aws: LocalServer, encryption: dict[str, str], body: bytes
) -> None:
    """The SageMaker SDK 2.x uploads its scripts with aws:kms and no key."""
    s3, key = aws.s3, "encrypted/a folder/ü+%2F&=.tar.gz"
    s3.upload_fileobj(io.BytesIO(body), BUCKET, key, ExtraArgs=encryption)
    got = s3.get_object(Bucket=BUCKET, Key=key)
    assert got["Body"].read() == body
    assert got.get("ServerSideEncryption") == ("AES256" if encryption else None)
    source = {"Bucket": BUCKET, "Key": key}
    s3.copy_object(Bucket=BUCKET, Key="copied", CopySource=source, **encryption)
    assert s3.get_object(Bucket=BUCKET, Key="copied")["Body"].read() == body


@pytest.mark.parametrize("key", ["a\\b", "a//b", "/a/b", "a/b//"])
def test_keys_that_would_become_another_key_are_named(aws: LocalServer, key: str) -> None:
    """SeaweedFS stores all of them as `a/b`, and one object would replace another."""
    s3, source = aws.s3, {"Bucket": BUCKET, "Key": key}
    s3.put_object(Bucket=BUCKET, Key="a/b", Body=b"the only object")
    with pytest.raises(ClientError, match="cannot store the key") as refused:
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"another object")
    assert refused.value.response["Error"]["Code"] == "InvalidArgument"
    assert repr(key) in str(refused.value)
    with pytest.raises(ClientError, match="cannot store the key"):
        s3.upload_fileobj(io.BytesIO(_LARGE), BUCKET, key)
    with pytest.raises(ClientError, match="cannot store the key"):
        s3.delete_object(Bucket=BUCKET, Key=key)
    for read in (s3.get_object, s3.head_object):
        with pytest.raises(ClientError) as missing:
            read(**source)
        assert missing.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.copy_object(Bucket=BUCKET, Key="copy", CopySource=source)
    assert s3.get_object(Bucket=BUCKET, Key="a/b")["Body"].read() == b"the only object"


def test_kms_is_rejected_as_a_buckets_default_and_aes256_is_accepted(
    aws: LocalServer,
) -> None:
    """SeaweedFS would accept KMS, and then answer all uploads with 500."""
    aws.s3.create_bucket(Bucket="encrypted")
    with pytest.raises(ClientError, match="does not support aws:kms as the default") as rejected:
        aws.s3.put_bucket_encryption(**_default_encryption("aws:kms"))
    assert rejected.value.response["Error"]["Code"] == "NotImplemented"
    aws.s3.put_object(Bucket="encrypted", Key="plain", Body=b"1")
    aws.s3.put_bucket_encryption(**_default_encryption("AES256"))
    put = aws.s3.put_object(Bucket="encrypted", Key="encryption", Body=b"aws:kms")
    assert put["ServerSideEncryption"] == "AES256"
    got = aws.s3.get_object(Bucket="encrypted", Key="encryption")
    assert got["Body"].read() == b"aws:kms"


def _default_encryption(algorithm: str) -> dict[str, Any]:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": algorithm}}
    return {"Bucket": "encrypted", "ServerSideEncryptionConfiguration": {"Rules": [rule]}}


def _default_in_xml(algorithm: str) -> bytes:
    rule = (
        "<Rule><ApplyServerSideEncryptionByDefault>"
        f"<SSEAlgorithm>{algorithm}</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule>"
    )
    return (
        '<ServerSideEncryptionConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"{rule}</ServerSideEncryptionConfiguration>"
    ).encode()


@pytest.mark.parametrize(("algorithm", "status"), [("aws:kms", b"501"), ("AES256", b"200")])
def test_a_default_is_checked_if_the_client_waits_for_100(
    aws: LocalServer, algorithm: str, status: bytes
) -> None:
    """Curl with `Expect: 100-continue` sends no body before the interim response."""
    bucket = f"expects-{algorithm.replace(':', '-').lower()}"
    aws.s3.create_bucket(Bucket=bucket)
    body = _default_in_xml(algorithm)
    headers = _signed(aws, f"/{bucket}?encryption", body)
    headers |= {"Content-Length": str(len(body)), "Expect": "100-continue"}
    with _connected(aws) as connection, connection.makefile("rb") as answer:
        connection.sendall(_head(f"/{bucket}?encryption", headers))
        assert answer.readline().startswith(b"HTTP/1.1 100 ")
        connection.sendall(body)
        lines = iter(answer.readline, b"")
        final = next(line for line in lines if line.startswith(b"HTTP/") and b" 100 " not in line)
        assert final.split()[1] == status
    put = aws.s3.put_object(Bucket=bucket, Key="plain", Body=b"1")
    assert put.get("ServerSideEncryption") == ("AES256" if status == b"200" else None)


@pytest.mark.parametrize("kind", ["chunked", "long"])
def test_a_default_that_cannot_be_checked_is_rejected(aws: LocalServer, kind: str) -> None:
    bucket = f"unchecked-{kind}"
    aws.s3.create_bucket(Bucket=bucket)
    body = _default_in_xml("aws:kms")
    if kind == "long":
        body += b" " * 300_000
    headers = _signed(aws, f"/{bucket}?encryption", body)
    content: Any = iter([body]) if kind == "chunked" else body
    connection = http.client.HTTPConnection(urlsplit(aws.environment["AWS_ENDPOINT_URL_S3"]).netloc)
    connection.request(
        "PUT", f"/{bucket}?encryption", content, headers, encode_chunked=kind == "chunked"
    )
    answer = connection.getresponse()
    assert answer.status == 501
    assert b"needs a Content-Length" in answer.read()
    connection.close()
    aws.s3.put_object(Bucket=bucket, Key="plain", Body=b"1")


@pytest.mark.parametrize(
    ("length", "status"), [(300_000, b"200"), (1_000_000, b"200"), (1_100_000, b"431")]
)
def test_all_heads_that_seaweedfs_accepts_are_checked(
    aws: LocalServer, length: int, status: bytes
) -> None:
    """SeaweedFS accepts heads of one MiB, and answers aws:kms with 500."""
    path = f"/{BUCKET}/long-head-{length}"
    headers = _signed(aws, path, b"1", {"x-amz-server-side-encryption": "aws:kms"})
    headers |= {"Content-Length": "1", "x-long": "a" * length}
    with _connected(aws) as connection, connection.makefile("rb") as answer:
        connection.sendall(_head(path, headers) + b"1")
        assert answer.readline().split()[1] == status


def _signed(
    aws: LocalServer, path: str, body: bytes, headers: dict[str, str] | None = None
) -> dict[str, str]:
    """Return the headers of a signed PUT request, with Host."""
    endpoint = aws.environment["AWS_ENDPOINT_URL_S3"]
    request = AWSRequest(method="PUT", url=f"{endpoint}{path}", data=body, headers=headers or {})
    keys = (aws.environment[f"AWS_{name}"] for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"))
    S3SigV4Auth(Credentials(*keys), "s3", "us-east-1").add_auth(request)
    return {"Host": urlsplit(endpoint).netloc, **dict(request.headers)}


def _head(path: str, headers: dict[str, str]) -> bytes:
    lines = [f"PUT {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode()


def _connected(aws: LocalServer) -> socket.socket:
    address = urlsplit(aws.environment["AWS_ENDPOINT_URL_S3"])
    return socket.create_connection((address.hostname, address.port), timeout=60)


def test_a_request_with_a_wrong_secret_is_not_signed_again(aws: LocalServer) -> None:
    """The gateway must not sign requests of clients without the keys."""
    wrong = _client(aws, secret="wrong")
    with pytest.raises(ClientError) as rejected:
        wrong.put_object(Bucket=BUCKET, Key="stolen", Body=b"1", ServerSideEncryption="aws:kms")
    assert rejected.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    with pytest.raises(ClientError):
        aws.s3.head_object(Bucket=BUCKET, Key="stolen")


def test_a_changed_request_is_not_signed_again(aws: LocalServer) -> None:
    endpoint = aws.environment["AWS_ENDPOINT_URL_S3"]
    headers = _signed(aws, f"/{BUCKET}/signed", b"1", {"x-amz-server-side-encryption": "aws:kms"})
    for key, status in (("other", 403), ("signed", 200)):
        connection = http.client.HTTPConnection(urlsplit(endpoint).netloc)
        connection.request("PUT", f"/{BUCKET}/{key}", b"1", headers)
        assert connection.getresponse().status == status
        connection.close()


@pytest.mark.parametrize("line", ["PUT", "PUT /", "PUT http://[ HTTP/1.1"])
def test_a_head_that_is_not_http_is_rejected(aws: LocalServer, line: str) -> None:
    scope = f"{aws.environment['AWS_ACCESS_KEY_ID']}/20260101/us-east-1/s3/aws4_request"
    signed = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature={'0' * 64}"
    kms = "x-amz-server-side-encryption: aws:kms"
    head = f"{line}\r\nHost: a\r\n{kms}\r\nAuthorization: {signed}\r\n\r\n"
    address = urlsplit(aws.environment["AWS_ENDPOINT_URL_S3"])
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(head.encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 400")
    aws.s3.list_buckets()


def test_a_connection_can_be_used_for_different_requests(aws: LocalServer) -> None:
    """A body that looks like a head is not taken for the next request."""
    s3 = _client(aws)
    head = b"PUT / HTTP/1.1\r\nx-amz-server-side-encryption: aws:kms\r\n\r\n"
    for number in range(3):
        key = f"kinds/{number}"
        s3.put_object(Bucket=BUCKET, Key=key, Body=head, ServerSideEncryption="aws:kms")
        assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == head
        s3.put_object(Bucket=BUCKET, Key=key, Body=head * 10_000)
        assert s3.head_object(Bucket=BUCKET, Key=key)["ContentLength"] == len(head) * 10_000
        s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": key}]})
    with pytest.raises(ClientError):
        s3.head_object(Bucket=BUCKET, Key="kinds/0")


def _client(aws: LocalServer, secret: str | None = None) -> Any:
    """Return a client with one connection and without retries."""
    return boto3.client(
        "s3",
        endpoint_url=aws.environment["AWS_ENDPOINT_URL_S3"],
        region_name="us-east-1",
        aws_access_key_id=aws.environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=secret or aws.environment["AWS_SECRET_ACCESS_KEY"],
        config=Config(max_pool_connections=1, retries={"total_max_attempts": 1}, proxies={}),
    )
