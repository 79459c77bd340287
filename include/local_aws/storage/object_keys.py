r"""S3 keys that SeaweedFS changes: it stores `a\b` and `a//b` as `a/b`, where S3 has three objects.

Requests for such keys are answered here, so that no object replaces another one.
"""

import re
from urllib.parse import unquote_to_bytes
from xml.sax.saxutils import escape

_REQUEST = re.compile(rb"([A-Z]+) /([^ ?]*)")
_COPIED = re.compile(rb"\r\nx-amz-copy-source:[ \t]*([^\r\n?]*)", re.IGNORECASE)
_READING = frozenset({b"GET", b"HEAD"})


def changed_key_response(head: bytes) -> bytes | None:
    """Return the response to a request for a key that SeaweedFS would change, else None.

    Reading such a key finds nothing. Every other request is an error that names the key.
    """
    request = _REQUEST.match(head)
    if request is None:
        return None
    method, path = request.groups()
    copied = _COPIED.search(head)
    if (key := _changed_key(path)) is not None:
        return _not_found(method, key) if method in _READING else _refused(key)
    if copied and (key := _changed_key(copied[1].lstrip(b"/"))) is not None:
        return _not_found(method, key)
    return None


def _changed_key(path: bytes) -> str | None:
    """Return the key of `bucket/key` if SeaweedFS would change it."""
    key = unquote_to_bytes(path.partition(b"/")[2])
    changed = b"\\" in key or b"//" in key or key.startswith(b"/")
    return key.decode(errors="replace") if changed else None


def _not_found(method: bytes, key: str) -> bytes:
    text = "The specified key does not exist."
    return _response("404 Not Found", "NoSuchKey", text, key, without_body=method == b"HEAD")


def _refused(key: str) -> bytes:
    text = (
        f"local_aws cannot store the key {key!r}: it would become another key. Use a key without "
        "backslashes, without // and without a slash at its start. S3 on AWS accepts it."
    )
    return _response("400 Bad Request", "InvalidArgument", text, key)


def _response(status: str, code: str, text: str, key: str, without_body: bool = False) -> bytes:
    body = (
        f"<Error><Code>{code}</Code><Message>{escape(text)}</Message>"
        f"<Key>{escape(_printable(key))}</Key></Error>"
    ).encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: application/xml\r\nConnection: close\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode()
    return head if without_body else head + body


def _printable(key: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in key)
