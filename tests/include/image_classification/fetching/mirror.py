"""A web server on loopback with configurable faults."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LONG_AGO = "Wed, 01 Jan 2025 00:00:00 GMT"


@dataclass
class Page:
    """A file and the faults of its server.

    Attributes:
        content: The file's bytes.
        etag: The header ETag, or None.
        modified: The header Last-Modified, or None.
        cuts: For each request in turn, the number of bytes after which the connection ends; None
            for no cut.
        statuses: For each request in turn, the HTTP status; 200 serves the file.
        ranges: Whether range requests are supported.
        length: A wrong Content-Length, or None.
        lengthless: Whether there is no Content-Length.
        changes: The number of requests after which the page is replaced by `then`.
        then: The later page.
        shifted: The number of bytes by which a range begins too early.
        redirect: The URL to redirect to.
        stalls: The number of bytes after which the server pauses until `resume` is called.
    """

    content: bytes
    etag: str | None = '"one"'
    modified: str | None = LONG_AGO
    cuts: list[int | None] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    ranges: bool = True
    length: int | None = None
    lengthless: bool = False
    changes: int | None = None
    then: Page | None = None
    shifted: int = 0
    redirect: str | None = None
    stalls: int | None = None


@dataclass
class Mirror:
    """The server: its URL, its pages by path, and the received requests."""

    url: str
    pages: dict[str, Page] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    _stalled: threading.Event = field(default_factory=threading.Event)

    def resume(self) -> None:
        """End all pauses, also later ones."""
        self._stalled.set()

    def wait(self) -> None:
        """Pause until `resume` is called."""
        self._stalled.wait()

    def serve(self, path: str, content: bytes, **behaviour: Any) -> str:
        """Serve a file, and return its URL."""
        self.pages[path] = Page(content, **behaviour)
        return f"{self.url}{path}"

    @property
    def ranges(self) -> list[str | None]:
        """The header Range of each request so far."""
        return [headers.get("Range") for _, headers in self.requests]


class _Handler(BaseHTTPRequestHandler):
    mirror: Mirror

    def do_GET(self) -> None:
        self.mirror.requests.append((self.path, dict(self.headers.items())))
        page = self.mirror.pages.get(self.path)
        if page is None:
            self.send_error(404)
            return
        if page.changes is not None and page.then is not None:
            page.changes -= 1
            if page.changes < 0:
                page = self.mirror.pages[self.path] = page.then
        if page.redirect:
            self.send_response(302)
            self.send_header("Location", page.redirect)
            self.end_headers()
        elif page.statuses and (status := page.statuses.pop(0)) != 200:
            self.send_error(status)
        else:
            self._send(page)

    def _send(self, page: Page) -> None:
        start = self._start(page)
        if start and start >= len(page.content):
            self.send_error(416)
            return
        start = max(start - page.shifted, 0) if start else 0
        body = page.content[start:]
        self.send_response(206 if start else 200)
        if start:
            whole = len(page.content)
            self.send_header("Content-Range", f"bytes {start}-{whole - 1}/{whole}")
        if not page.lengthless:
            self.send_header("Content-Length", str(page.length or len(body)))
        for name, value in (("ETag", page.etag), ("Last-Modified", page.modified)):
            if value:
                self.send_header(name, value)
        self.end_headers()
        cut = page.cuts.pop(0) if page.cuts else None
        with suppress(ConnectionError):  # the client has closed the connection, or was killed
            self._write(page, body if cut is None else body[:cut], stall=not start)

    def _write(self, page: Page, body: bytes, stall: bool) -> None:
        if page.stalls is not None and stall:
            self.wfile.write(body[: page.stalls])
            self.mirror.wait()
            body = body[page.stalls :]
        self.wfile.write(body)

    def _start(self, page: Page) -> int:
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        condition = self.headers.get("If-Range")
        if not found or not page.ranges or condition not in (None, page.etag, page.modified):
            return 0
        return int(found[1])

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def mirror() -> Iterator[Mirror]:
    """Run a mirror on loopback."""
    handler = type("Handler", (_Handler,), {})
    web = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    handler.mirror = running = Mirror(f"http://127.0.0.1:{web.server_port}")  # type: ignore[attr-defined]
    thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield running
    running.resume()
    web.shutdown()
    web.server_close()
    thread.join()
