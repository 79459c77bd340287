"""Signatures are made by botocore, as clients make them, and changed on the way."""

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
KEYS = Credentials("mine", "secret-of-mine")
HINT = "The keys are in /root/credentials."
BODY = b'{"TrainingJobName": "a"}'


def signed(
    path: str = "/", body: bytes = BODY, keys: Credentials = KEYS, digest: str | None = None
) -> dict[str, str]:
    """What botocore would send: headers by name."""
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
    """The same as the server sees it."""
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


async def refusal(request: Request) -> tuple[str, int]:
    with pytest.raises(ApiError) as error:
        await Signatures(KEYS, HINT).verified(request)
    return error.value.code, error.value.status


@pytest.mark.parametrize("path", ["/", "/endpoints/a%20b/invocations", "/x?b=2&a=1%2F&a=0"])
async def test_what_botocore_signs_is_taken_with_its_body(path: str) -> None:
    taken = await Signatures(KEYS, HINT).verified(received(signed(path), path=path))
    assert await taken.body() == BODY


async def test_headers_that_a_proxy_adds_do_no_harm() -> None:
    headers = {**signed(), "x-forwarded-for": "10.0.0.1", "content-length": str(len(BODY))}
    assert await Signatures(KEYS, HINT).verified(received(headers))


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
async def test_a_changed_header_is_noticed(change: dict[str, str]) -> None:
    code = await refusal(received({**signed(), **change}))
    assert code == ("InvalidSignatureException", 403)


async def test_another_body_path_or_secret_is_noticed() -> None:
    refused = ("InvalidSignatureException", 403)
    assert await refusal(received(signed(), body=b"{}")) == refused
    assert await refusal(received(signed(), path="/other")) == refused
    others = signed(keys=Credentials("mine", "secret-of-yours"))
    assert await refusal(received(others)) == refused


@pytest.mark.parametrize("digest", ["UNSIGNED-PAYLOAD", hashlib.sha256(BODY).hexdigest()])
async def test_a_signature_that_does_not_cover_the_body_is_refused(digest: str) -> None:
    headers = signed(digest=digest)
    assert (await refusal(received(headers, body=b"{}")))[0] == "InvalidSignatureException"


async def test_a_replay_is_refused_after_a_quarter_of_an_hour(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    past = datetime.now(UTC) - timedelta(minutes=16)
    monkeypatch.setattr(auth, "get_current_datetime", lambda *_: past)
    assert (await refusal(received(signed())))[0] == "InvalidSignatureException"


async def test_who_does_not_know_the_key_is_refused_before_a_body_is_read() -> None:
    headers = signed(keys=Credentials("other", KEYS.secret_access_key))
    request = received(headers, body=b"x" * (9 * 1024 * 1024))
    assert await refusal(request) == ("UnrecognizedClientException", 403)
    unsigned = received({"host": "local-aws:4566", "authorization": "Basic eDp5"})
    assert await refusal(unsigned) == ("IncompleteSignatureException", 403)


async def test_a_body_beyond_the_limit_is_not_taken() -> None:
    body = b"x" * (8 * 1024 * 1024 + 1)
    request = received(signed(body=body), body=body)
    assert await refusal(request) == ("RequestEntityTooLarge", 413)
