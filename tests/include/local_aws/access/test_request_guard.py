"""Requests of web pages and malformed requests are rejected without harm."""

import http.client
import json
import socket
import time
from pathlib import Path

import httpx
import pytest
from botocore.exceptions import ClientError

from include.local_aws.bodies import LARGEST
from tests.include.local_aws.keys import signature
from tests.include.local_aws.local_server import LocalServer

_INVOKED = 6 * 1024 * 1024  # bytes, the limit of InvokeEndpoint


def signed(
    aws: LocalServer,
    *,
    service: str = "sagemaker",
    target: str = "SageMaker.ListModels",
    path: str = "/",
    body: bytes | str = b"",
) -> dict[str, str]:
    """Return the headers of a request signed with the right keys."""
    headers = {"X-Amz-Target": target}
    url = aws.url + path
    return signature(aws.credentials, url, service=service, body=body, headers=headers)


@pytest.fixture
def url(aws: LocalServer) -> str:
    return aws.environment["AWS_ENDPOINT_URL"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "https://[broken"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    ],
)
@pytest.mark.parametrize("path", ["/health", "/"])
def test_a_page_of_another_site_is_rejected_signed_or_not(
    aws: LocalServer, url: str, headers: dict[str, str], path: str
) -> None:
    assert httpx.get(url + path, headers=headers).status_code == 403
    signature_headers = signed(aws, path=path, body="{}")
    answer = httpx.post(url + path, headers={**signature_headers, **headers}, content="{}")
    assert (answer.status_code, answer.json()["__type"]) == (403, "AccessDeniedException")


def test_the_servers_page_is_accepted(aws: LocalServer, url: str) -> None:
    headers = {"Origin": url, "Sec-Fetch-Site": "same-origin"}
    assert httpx.get(f"{url}/health", headers=headers).status_code == 200
    headers |= signed(aws, body="{}")
    assert httpx.post(url, headers=headers, content="{}").status_code == 200


def test_cors_is_not_supported(aws: LocalServer, url: str) -> None:
    """A page of another site would need a preflight request to send signed headers."""
    preflight = {"Origin": "http://evil.example", "Access-Control-Request-Headers": "authorization"}
    for answer in (httpx.options(url, headers=preflight), httpx.post(url, headers=signed(aws))):
        assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize("service", ["sagemaker", "sns", "sts"])
def test_a_presigned_url_is_rejected(url: str, service: str) -> None:
    """A form on any page can post to such a URL without a preflight request."""
    scope = f"local/20260101/us-east-1/{service}/aws4_request"
    answer = httpx.post(
        f"{url}/endpoints/a/invocations",
        params={"X-Amz-Credential": scope},
        data={"Action": "CreateTopic", "Name": "evil"},
    )
    assert answer.status_code == 403
    assert "<Code>MissingAuthenticationToken</Code>" in answer.text


@pytest.mark.parametrize(
    ("path", "target", "service"),
    [
        ("/", "DynamoDB_20120810.CreateTrainingJob", "sagemaker"),
        ("/", "SageMaker.", "sagemaker"),
        ("/", "SageMaker.CreateNothing", "sagemaker"),
        ("/", "ListModels", "sagemaker"),
        ("/", "Logs_20140328.Nothing", "logs"),
        ("/", "Nonsense.Nothing", "nonsense"),
        ("/endpoints/..%2f..%2fetc/invocations", "", "sagemaker"),
        ("/endpoints/%2e%2e/other", "", "sagemaker"),
        ("/../../etc/passwd", "", "sagemaker"),
    ],
)
def test_unknown_operations_are_client_errors(
    aws: LocalServer, url: str, path: str, target: str, service: str
) -> None:
    headers = signed(aws, service=service, target=target, path=_sent(url, path), body="{}")
    answer = httpx.post(url + path, headers=headers, content="{}", timeout=60)
    assert answer.status_code in (400, 404), answer.text
    assert answer.json()["__type"] == "UnknownOperationException"


def test_an_operation_that_moto_does_not_support_is_a_client_error(aws: LocalServer) -> None:
    with pytest.raises(ClientError) as rejected:
        aws.client("sns").list_origination_numbers()
    assert rejected.value.response["Error"]["Code"] == "UnknownOperationException"


@pytest.mark.parametrize("path", ["/", "/endpoints/nothing/invocations"])
def test_a_content_length_of_ten_gigabytes_is_rejected_at_once(aws: LocalServer, path: str) -> None:
    before = _resident(aws.pid)
    started = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", aws.port, timeout=10)
    connection.putrequest("POST", path)
    for name, value in {**signed(aws), "Content-Length": str(10 * 2**30)}.items():
        connection.putheader(name, value)
    connection.endheaders(b"x" * 65536)
    answer = connection.getresponse()
    assert answer.status == 413
    assert json.loads(answer.read(int(answer.headers["Content-Length"])))["message"]
    assert answer.headers["Connection"] == "close"
    assert time.monotonic() - started < 5
    assert _resident(aws.pid) - before < 32 * 2**20


@pytest.mark.parametrize(
    ("path", "size"), [("/", LARGEST + 1), ("/endpoints/nothing/invocations", _INVOKED + 1)]
)
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_one_byte_too_long_gets_a_response(
    aws: LocalServer, url: str, path: str, size: int, chunked: bool
) -> None:
    """Clients that send the whole body first get the reason instead of a broken pipe."""
    content = iter([b"x" * size]) if chunked else b"x" * size
    headers = signed(aws, path=path, body=b"x" * size)
    answer = httpx.post(url + path, headers=headers, content=content)
    assert answer.status_code == 413
    assert "bytes" in answer.json()["message"]


def test_a_body_of_maximum_size_is_accepted(aws: LocalServer, url: str) -> None:
    path, body = "/endpoints/nothing/invocations", b"x" * _INVOKED
    headers = signed(aws, path=path, body=body)
    answer = httpx.post(url + path, headers=headers, content=body)
    assert answer.json()["message"].startswith("Endpoint nothing of account")


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\nOrigin: http://evil.example\r\n\r\n",
    ],
)
def test_malformed_requests_are_rejected(aws: LocalServer, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", aws.port), timeout=5) as connection:
        connection.sendall(sent)
        status = int(connection.recv(4096).split()[1])
    assert status in (400, 403)


def test_a_deeply_nested_request_is_rejected(aws: LocalServer, url: str) -> None:
    body = "[" * 100_000
    answer = httpx.post(url, headers=signed(aws, body=body), content=body)
    assert (answer.status_code, answer.json()["__type"]) == (400, "SerializationException")


def _sent(url: str, path: str) -> str:
    """Return the path as httpx sends it, which must be signed."""
    return httpx.URL(url + path).raw_path.decode()


def _resident(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096
