"""Verification of AWS Signature Version 4."""

import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from starlette.requests import Request

from include.local_aws import bodies
from include.local_aws.errors import ApiError
from include.local_aws.settings import Credentials

_MAX_AGE = timedelta(minutes=15)
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/,]+)/(?P<day>\d{8})/(?P<region>[^/,]+)/"
    r"(?P<service>[^/,]+)/aws4_request, ?SignedHeaders=(?P<headers>[^,]+), ?"
    r"Signature=(?P<signature>[0-9a-f]{64})"
)


class Signatures:
    """Verifies signatures in the Authorization header. Presigned URLs are not supported.

    Args:
        credentials: The server's pair of keys.
        hint: Where the owner finds the keys, for error messages.
    """

    def __init__(self, credentials: Credentials, hint: str) -> None:
        self._hint = hint
        self._key = credentials.access_key_id
        self._credentials = BotocoreCredentials(self._key, credentials.secret_access_key)

    async def verify(self, request: Request) -> Request:
        """Return the request with its body read; raise ApiError if the signature is wrong.

        The body is read only if the access key is known, and only up to 8 MiB.
        """
        given = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
        if given is None:
            raise ApiError(
                "The Authorization header has no Signature Version 4.",
                code="IncompleteSignatureException",
                status=403,
            )
        if not hmac.compare_digest(given["key"].encode(), self._key.encode()):
            raise ApiError(
                f"The security token included in the request is invalid. {self._hint}",
                code="UnrecognizedClientException",
                status=403,
            )
        _check_time(request.headers.get("x-amz-date", ""), given["day"])
        names = _signed_names(request, given["headers"])
        body = await bodies.read(request)
        if body is None:
            message = f"the request is larger than {bodies.LARGEST} bytes"
            raise ApiError(message, code="RequestEntityTooLarge", status=413)
        _check_digest(request, body)
        expected = self._signature(request, names, body, given["service"], given["region"])
        if not hmac.compare_digest(expected, given["signature"]):
            raise _invalid(
                "The request signature we calculated does not match the signature you provided. "
                f"Check your AWS Secret Access Key and signing method. {self._hint}"
            )
        return Request(request.scope, bodies.replay(body, request.receive))

    def _signature(
        self, request: Request, names: list[str], body: bytes, service: str, region: str
    ) -> str:
        path = request.scope["raw_path"].decode("latin-1")
        query = request.scope["query_string"].decode("latin-1")
        signed = AWSRequest(
            method=request.method,
            url=f"http://{request.headers['host']}{path}?{query}",
            headers={name: ",".join(request.headers.getlist(name)) for name in names},
            data=body,
        )
        signed.context["timestamp"] = request.headers["x-amz-date"]
        signer = SigV4Auth(self._credentials, service, region)
        text = signer.string_to_sign(signed, signer.canonical_request(signed))
        return str(signer.signature(text, signed))


def _signed_names(request: Request, names: str) -> list[str]:
    """Return the names of the signed headers; raise ApiError if a required one is missing."""
    signed = names.split(";")
    required = {"host", *(name for name in request.headers if name.startswith("x-amz-"))}
    if missing := sorted(required - set(signed)):
        raise _invalid(f"These headers must be signed: {', '.join(missing)}.")
    return signed


def _check_time(stamp: str, day: str) -> None:
    try:
        signed = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise _invalid(f"X-Amz-Date is not a date: {stamp!r}.") from error
    if abs(datetime.now(UTC) - signed) > _MAX_AGE or not stamp.startswith(day):
        raise _invalid(f"Signature expired or not yet valid: {stamp}. Check the clock.")


def _check_digest(request: Request, body: bytes) -> None:
    """Raise ApiError if the signed digest is not that of the body."""
    digest = request.headers.get("x-amz-content-sha256")
    if digest is not None and digest != hashlib.sha256(body).hexdigest():
        raise _invalid("X-Amz-Content-SHA256 is not the digest of the body.")


def _invalid(message: str) -> ApiError:
    return ApiError(message, code="InvalidSignatureException", status=403)
