"""S3 requests for encryption by KMS, which SeaweedFS does not support.

The SageMaker SDK 2.x uploads its scripts with aws:kms. This module changes such requests to
AES256, so that SeaweedFS encrypts with the server's key; GetObject and HeadObject then return
AES256. The header is part of the signature: the client's signature is verified, and the changed
request is signed again.
"""

import hmac
import re

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials

from include.local_aws.settings import Credentials

_REQUESTS_KMS = re.compile(rb"\r\nx-amz-server-side-encryption:[ \t]*aws:kms", re.IGNORECASE)
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<scope>(?P<key>[^/,]+)/\d{8}/(?P<region>[^/,]+)/s3"
    r"/aws4_request), ?SignedHeaders=(?P<names>[^,]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)
_SETS_DEFAULT = re.compile(rb"PUT [^ ?]*\?(?:[^ ]*&)?encryption[=& ]")
_EXPECTS = re.compile(rb"\r\nexpect:[ \t]*100-continue", re.IGNORECASE)
_HEADER = "x-amz-server-side-encryption"

_MESSAGE = (
    b"<Error><Code>NotImplemented</Code><Message>local_aws does not support aws:kms as the default "
    b"encryption of a bucket: set AES256, or ask for aws:kms with each upload. The request needs a "
    b"Content-Length of at most 256 KiB.</Message></Error>"
)
UNSUPPORTED_DEFAULT_RESPONSE = (
    b"HTTP/1.1 501 Not Implemented\r\nContent-Type: application/xml\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(_MESSAGE), _MESSAGE)
)
"""Response to a default encryption with which all later uploads would fail."""

_Headers = list[tuple[str, str]]


def asks_for_kms(head: bytes) -> bool:
    """Return whether the head of a request asks for encryption by KMS."""
    return _REQUESTS_KMS.search(head) is not None


def sets_default(head: bytes) -> bool:
    """Return whether the head is that of a request that sets a bucket's default encryption."""
    return _SETS_DEFAULT.match(head) is not None


def expects_continue(head: bytes) -> bool:
    """Return whether the client waits for the interim response 100 before it sends the body."""
    return _EXPECTS.search(head) is not None


def sign_for_own_key(head: bytes, credentials: Credentials) -> bytes:
    """Return the head of the same request for AES256, with a new signature.

    A head without a valid Signature Version 4 is returned unchanged, and SeaweedFS rejects it.
    The same holds for bodies that are signed in chunks, because the signature of each chunk
    depends on that of the head.
    """
    first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    pairs = [line.partition(":") for line in lines]
    headers = [(name.lower(), value.strip()) for name, _, value in pairs]
    fields = dict(headers)
    given = _AUTHORIZATION.fullmatch(fields.get("authorization", ""))
    digest = fields.get("x-amz-content-sha256", "")
    if given is None or digest.startswith("STREAMING-AWS4"):
        return head
    signer = _Signer(credentials, given["region"])
    expected = signer.signature(first, headers, given["names"].split(";"))
    if given["key"] != credentials.access_key_id or not hmac.compare_digest(
        expected, given["signature"]
    ):
        return head
    names = [n for n in given["names"].split(";") if not n.startswith(_HEADER)] + [_HEADER]
    others = [(n, v) for n, v in headers if not n.startswith(_HEADER) and n != "authorization"]
    changed = [*others, (_HEADER, "AES256")]
    authorization = (
        f"AWS4-HMAC-SHA256 Credential={given['scope']}, SignedHeaders={';'.join(sorted(names))}, "
        f"Signature={signer.signature(first, changed, names)}"
    )
    rows = [first, *(f"{n}: {v}" for n, v in [*changed, ("authorization", authorization)])]
    return ("\r\n".join(rows) + "\r\n\r\n").encode("latin-1")


class _Signer:
    """botocore's signer for the head of a request."""

    def __init__(self, credentials: Credentials, region: str) -> None:
        keys = BotocoreCredentials(credentials.access_key_id, credentials.secret_access_key)
        self._signer = S3SigV4Auth(keys, "s3", region)

    def signature(self, first: str, headers: _Headers, names: list[str]) -> str:
        """Return the signature of a request's first line and its signed headers."""
        method, target, _ = first.split(" ", 2)
        values = {name: ",".join(v for n, v in headers if n == name) for name in names}
        host = values.get("host", "")
        signed = AWSRequest(method=method, url=f"http://{host}{target}", headers=values)
        signed.context["timestamp"] = dict(headers).get("x-amz-date", "")
        text = self._signer.string_to_sign(signed, self._signer.canonical_request(signed))
        return str(self._signer.signature(text, signed))
