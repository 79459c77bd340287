"""A bucket with any number of incoming and predicted images, which are made up per request.

It serves the S3 calls of the measured tasks over HTTP, so that boto3 does its usual work.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlparse

from include.storage.layout import Layout

BUCKET = "known"
LAYOUT = Layout(BUCKET, "stanford_cars")
BATCH_IMAGES = 10_000
PAGE = 1000


class Bucket:
    """The objects of the bucket.

    Args:
        images: The number of images in `incoming/`, all of which are in batches' records.

    Attributes:
        stored: Objects that were written, by key.
        requests: The number of requests since `reset`.
        sent: The bytes that were sent since `reset`.
    """

    def __init__(self, images: int) -> None:
        self.images = images
        self.stored: dict[str, bytes] = {}
        self.reset()

    def reset(self) -> None:
        """Count anew."""
        self.requests = self.sent = 0

    @property
    def batches(self) -> list[str]:
        """The names of the batches, the oldest first."""
        count = -(-self.images // BATCH_IMAGES)
        return [f"2026{number:04}T000000-00000000" for number in range(count)]

    def image(self, number: int) -> tuple[str, str]:
        """Return the key below `incoming/` and the ETag of an image."""
        return f"{number:08}.jpg", f'"{number:032x}"'

    def read(self, key: str) -> bytes | None:
        """Return an object's content, or None."""
        if key in self.stored:
            return self.stored[key]
        batch = key.removeprefix(LAYOUT.batches).removesuffix("/batch.json")
        if key != LAYOUT.batch_record(batch) or batch not in self.batches:
            return None
        first = self.batches.index(batch) * BATCH_IMAGES
        numbers = range(first, min(first + BATCH_IMAGES, self.images))
        return json.dumps({"images": dict(map(self.image, numbers))}).encode()

    def listing(self, prefix: str, token: str, delimiter: str, most: int) -> str:
        """Return a page of S3's listing as XML."""
        if prefix == LAYOUT.incoming:
            return self._incoming(int(token or 0))
        if delimiter:
            written = {k.split("/")[2] for k in self.stored if k.startswith(LAYOUT.batches)}
            names = {*self.batches, *(name for name in written if "." not in name)}
            folders = [f"{LAYOUT.batches}{name}/" for name in sorted(names)]
            return "".join(
                f"<CommonPrefixes><Prefix>{f}</Prefix></CommonPrefixes>" for f in folders
            )
        found = self.read(prefix)
        return _entry(prefix, '"0"', len(found)) if found is not None else ""

    def _incoming(self, first: int) -> str:
        end = min(first + PAGE, self.images)
        entries = (self.image(number) for number in range(first, end))
        text = "".join(_entry(f"{LAYOUT.incoming}{key}", tag, 1000) for key, tag in entries)
        if end < self.images:
            token = f"<NextContinuationToken>{end}</NextContinuationToken>"
            return f"{text}<IsTruncated>true</IsTruncated>{token}"
        return text


def _entry(key: str, tag: str, size: int) -> str:
    time = "2026-01-01T00:00:00.000Z"
    return (
        f"<Contents><Key>{key}</Key><LastModified>{time}</LastModified>"
        f"<ETag>{tag.replace(chr(34), '&quot;')}</ETag><Size>{size}</Size></Contents>"
    )


@contextmanager
def served(bucket: Bucket) -> Iterator[str]:
    """Serve a bucket on the loopback interface, and give its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            url = urlparse(self.path)
            asked = {name: values[0] for name, values in parse_qs(url.query).items()}
            key = unquote(url.path).removeprefix(f"/{BUCKET}").lstrip("/")
            if key:
                self._answer(bucket.read(key), "<Error><Code>NoSuchKey</Code></Error>")
                return
            text = bucket.listing(
                asked.get("prefix", ""),
                asked.get("continuation-token", ""),
                asked.get("delimiter", ""),
                int(asked.get("max-keys", PAGE)),
            )
            count = f"<KeyCount>{text.count('<Contents>')}</KeyCount>"
            self._answer(f"<ListBucketResult>{count}{text}</ListBucketResult>".encode(), "")

        do_HEAD = do_GET

        def do_PUT(self) -> None:
            key = unquote(urlparse(self.path).path).removeprefix(f"/{BUCKET}/")
            bucket.stored[key] = self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(b"", "")

        def _answer(self, body: bytes | None, missing: str) -> None:
            content = missing.encode() if body is None else body
            self.send_response(404 if body is None else 200)
            self.send_header("ETag", '"0"')
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)
            bucket.requests += 1
            bucket.sent += len(content)

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
