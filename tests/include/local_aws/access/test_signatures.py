"""Verification of botocore's signatures, also for requests that were changed."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from botocore import auth
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from starlette.requests import Request
from starlette.types import Message

from include.local_aws.access.signatures import Signatures
from include.local_aws.errors import ApiError
from include.local_aws.settings import Credentials

pytestmark = pytest.mark.asyncio
KEYS = Credentials("mine", "my-secret")
HINT = "The keys are in /root/credentials."
BODY = b'{"TrainingJobName": "a"}'


def signed(
    path: str = "/", body: bytes = BODY, keys: Credentials = KEYS, digest: str | None = None
) -> dict[str, str]:
    """Return the headers that botocore sends."""
    request = AWSRequest(
        method="POST",
        url=f"http://local-aws:4566{path}",
        headers={"X-Amz-Target": "SageMaker.DescribeTrainingJob"},
        data=body,
    )
    if digest:
        request.headers["X-Amz-Content-SHA256"] = digest
    credentials = BotocoreCredentials(keys.access_key_id, keys.secret_access_key)
    SigV4Auth(credentials, "sagemaker", "us-east-1").add_auth(request)
    return {"host": "local-aws:4566", **{k.lower(): v for k, v in request.headers.items()}}


def received(headers: dict[str, str], body: bytes = BODY, path: str = "/") -> Request:
    """Return the request as the server receives it."""
    raw_path, _, query = path.partition("?")

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    scope = {
        "type": "http",
        "method": "POST",
        "path": raw_path,
        "raw_path": raw_path.encode(),
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    return Request(scope, receive)


async def error_of(request: Request) -> tuple[str, int]:
    with pytest.raises(ApiError) as error:
        await Signatures(KEYS, HINT).verify(request)
    return error.value.code, error.value.status


@pytest.mark.parametrize("path", ["/", "/endpoints/a%20b/invocations", "/x?b=2&a=1%2F&a=0"])
async def test_a_request_signed_by_botocore_is_accepted(path: str) -> None:
    verified = await Signatures(KEYS, HINT).verify(received(signed(path), path=path))
    assert await verified.body() == BODY


async def test_headers_of_a_proxy_are_accepted() -> None:
    headers = {**signed(), "x-forwarded-for": "10.0.0.1", "content-length": str(len(BODY))}
    assert await Signatures(KEYS, HINT).verify(received(headers))


@pytest.mark.parametrize(
    "change",
    [
        {"x-amz-target": "SageMaker.DeleteModel"},
        {"host": "evil.example"},
        {"x-amz-security-token": "added"},
        {"x-amz-date": "20260101T000000Z"},
        {"x-amz-date": "yesterday"},
    ],
)
async def test_a_changed_header_is_rejected(change: dict[str, str]) -> None:
    code = await error_of(received({**signed(), **change}))
    assert code == ("InvalidSignatureException", 403)


async def test_another_body_path_or_secret_is_rejected() -> None:
    rejected = ("InvalidSignatureException", 403)
    assert await error_of(received(signed(), body=b"{}")) == rejected
    assert await error_of(received(signed(), path="/other")) == rejected
    others = signed(keys=Credentials("mine", "another-secret"))
    assert await error_of(received(others)) == rejected


@pytest.mark.parametrize("digest", ["UNSIGNED-PAYLOAD", hashlib.sha256(BODY).hexdigest()])
async def test_a_signature_that_does_not_cover_the_body_is_rejected(digest: str) -> None:
    headers = signed(digest=digest)
    assert (await error_of(received(headers, body=b"{}")))[0] == "InvalidSignatureException"


async def test_a_signature_is_rejected_after_15_minutes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    past = datetime.now(UTC) - timedelta(minutes=16)
    monkeypatch.setattr(auth, "get_current_datetime", lambda *_: past)
    assert (await error_of(received(signed())))[0] == "InvalidSignatureException"


async def test_an_unknown_key_is_rejected_before_the_body_is_read() -> None:
    headers = signed(keys=Credentials("other", KEYS.secret_access_key))
    request = received(headers, body=b"x" * (9 * 1024 * 1024))
    assert await error_of(request) == ("UnrecognizedClientException", 403)
    unsigned = received({"host": "local-aws:4566", "authorization": "Basic eDp5"})
    assert await error_of(unsigned) == ("IncompleteSignatureException", 403)


async def test_a_body_above_the_limit_is_rejected() -> None:
    body = b"x" * (8 * 1024 * 1024 + 1)
    request = received(signed(body=body), body=body)
    assert await error_of(request) == ("RequestEntityTooLarge", 413)
