"""A bucket with any number of photos in `incoming/`, for the command `select`.

The bucket is served over HTTP on the loopback interface, and makes up what it is asked for: photos,
pages of listings, and the records of the batches that predicted the known photos.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlparse

from benchmarks.scale.photos import draw_photo
from include.contracts import files

BUCKET = "scale"
INCOMING, BATCHES = "pipeline/incoming/", "pipeline/batches/"
IMAGES_OF_A_BATCH = 10_000
PAGE = 1000
SIZE = 1000
"""The size of a photo in a listing, in bytes."""


class IncomingBucket:
    """The objects of the bucket.

    Args:
        known: The number of photos that are in batches' records.
        new: The number of further photos in `incoming/`.
        ledger: The ledger of an earlier run, or None.
    """

    def __init__(self, known: int, new: int, ledger: Path | None = None) -> None:
        self._known, self._photos = known, known + new
        self._ledger = ledger
        count = -(-known // IMAGES_OF_A_BATCH)
        names = (f"2026{number:04}T000000-00000000" for number in range(count))
        self._batches = {name: number for number, name in enumerate(names)}

    def read(self, key: str) -> tuple[bytes, str] | None:
        """Return an object's content and ETag, or None."""
        if key.startswith(INCOMING):
            number = int(key.removeprefix(INCOMING).partition(".")[0])
            return draw_photo(number), _image(number)[1]
        if key == f"{BATCHES}{files.BATCH_LEDGER}":
            return None if self._ledger is None else (self._ledger.read_bytes(), '"0"')
        folder, _, name = key.removeprefix(BATCHES).partition("/")
        if name != files.BATCH_RECORD or folder not in self._batches:
            return None
        first = self._batches[folder] * IMAGES_OF_A_BATCH
        numbers = range(first, min(first + IMAGES_OF_A_BATCH, self._known))
        return json.dumps({"images": dict(map(_image, numbers))}).encode(), '"0"'

    def list(self, asked: Mapping[str, str]) -> str:
        """Return a page of a listing as XML, for the parameters of a request."""
        prefix = asked.get("prefix", "")
        if prefix == INCOMING:
            return self._list_incoming(int(asked.get("continuation-token", 0)))
        if "delimiter" in asked:
            folders = (f"<Prefix>{BATCHES}{name}/</Prefix>" for name in self._batches)
            return "".join(f"<CommonPrefixes>{folder}</CommonPrefixes>" for folder in folders)
        found = self.read(prefix)
        return "" if found is None else _entry(prefix, found[1], len(found[0]))

    def _list_incoming(self, first: int) -> str:
        end = min(first + PAGE, self._photos)
        images = map(_image, range(first, end))
        text = "".join(_entry(f"{INCOMING}{key}", tag, SIZE) for key, tag in images)
        if end == self._photos:
            return text
        token = f"<NextContinuationToken>{end}</NextContinuationToken>"
        return f"{text}<IsTruncated>true</IsTruncated>{token}"


def _image(number: int) -> tuple[str, str]:
    """Return the key below `incoming/` and the ETag of a photo."""
    return f"{number:08}.jpg", f'"{hashlib.md5(b"%d" % number, usedforsecurity=False).hexdigest()}"'


def _entry(key: str, tag: str, size: int) -> str:
    time = "2026-01-01T00:00:00.000Z"
    return (
        f"<Contents><Key>{key}</Key><LastModified>{time}</LastModified>"
        f"<ETag>{tag.replace(chr(34), '&quot;')}</ETag><Size>{size}</Size></Contents>"
    )


@contextmanager
def served(bucket: IncomingBucket) -> Iterator[str]:
    """Serve a bucket on the loopback interface, and give its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            url = urlparse(self.path)
            key = unquote(url.path).removeprefix(f"/{BUCKET}").lstrip("/")
            if key:
                content, tag = bucket.read(key) or (None, "")
                self._answer(content, tag)
                return
            text = bucket.list({name: value[0] for name, value in parse_qs(url.query).items()})
            count = f"<KeyCount>{text.count('<Contents>')}</KeyCount>"
            self._answer(f"<ListBucketResult>{count}{text}</ListBucketResult>".encode(), '"0"')

        def _answer(self, content: bytes | None, tag: str) -> None:
            self.send_response(404 if content is None else 200)
            self.send_header("ETag", tag)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
