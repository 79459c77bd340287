"""S3 requests that ask for encryption by KMS, of which SeaweedFS has none.

Without a key's ID, Amazon S3 encrypts by a key that AWS manages (PutObject in the API reference),
and the SageMaker SDK 2.x uploads its scripts so. Here such an object is encrypted by this server's
own key, as with AES256, and GetObject and HeadObject say AES256. The header is signed, so the
request is signed anew, after the client's own signature has been found right.
"""

import hmac
import re

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials

from include.local_aws.settings import Credentials

_ASKED = re.compile(rb"\r\nx-amz-server-side-encryption:[ \t]*aws:kms", re.IGNORECASE)
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
REFUSED_DEFAULT = (
    b"HTTP/1.1 501 Not Implemented\r\nContent-Type: application/xml\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(_MESSAGE), _MESSAGE)
)
"""The answer to a default that would make every later upload fail."""

_Headers = list[tuple[str, str]]


def asks_for_kms(head: bytes) -> bool:
    """Whether the head of a request asks for encryption by KMS."""
    return _ASKED.search(head) is not None


def sets_default(head: bytes) -> bool:
    """Whether a request with this head sets a bucket's default encryption."""
    return _SETS_DEFAULT.match(head) is not None


def expects_continue(head: bytes) -> bool:
    """Whether the client sends the body only after the interim answer 100 (or after a second)."""
    return _EXPECTS.search(head) is not None


def with_own_key(head: bytes, credentials: Credentials) -> bytes:
    """Return the head of the same request for AES256, signed anew.

    A head whose signature is not right, or is none of Signature Version 4, comes back as it is:
    SeaweedFS refuses it. So does one of a body that is signed in chunks, since each chunk's
    signature goes on from the head's.
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
    """botocore's signer, on the head of a request alone."""

    def __init__(self, credentials: Credentials, region: str) -> None:
        own = BotocoreCredentials(credentials.access_key_id, credentials.secret_access_key)
        self._signer = S3SigV4Auth(own, "s3", region)

    def signature(self, first: str, headers: _Headers, names: list[str]) -> str:
        """The signature of a request's first line and those of its headers that are signed."""
        method, target, _ = first.split(" ", 2)
        values = {name: ",".join(v for n, v in headers if n == name) for name in names}
        host = values.get("host", "")
        signed = AWSRequest(method=method, url=f"http://{host}{target}", headers=values)
        signed.context["timestamp"] = dict(headers).get("x-amz-date", "")
        text = self._signer.string_to_sign(signed, self._signer.canonical_request(signed))
        return str(self._signer.signature(text, signed))
