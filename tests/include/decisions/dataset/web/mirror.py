"""A web server on loopback that misbehaves as told."""

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
    """A file that is served, and what goes wrong with it.

    Attributes:
        content: Its bytes.
        etag: Sent as it is, or not at all.
        modified: Sent as it is, or not at all.
        cuts: For each request in turn, after how many bytes the connection ends; None: it does not.
        statuses: For each request in turn, an error instead of the file.
        ranges: Whether ranges are answered.
        length: What Content-Length says instead of the truth.
        lengthless: Whether the end of the file is the end of the connection.
        changes: After how many requests `etag` and `content` are those of `then`.
        then: The later page.
        shifted: How many bytes too early a range begins.
        redirect: Where the file is instead.
        stalls: After how many bytes the server falls silent, until told to go on.
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
    """The server: its address, its pages by path, and what was asked of it."""

    url: str
    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    _stalled: threading.Event = field(default_factory=threading.Event)

    def go_on(self) -> None:
        """End all silence, also that to come."""
        self._stalled.set()

    def wait(self) -> None:
        """Be silent until told to go on."""
        self._stalled.wait()

    def serve(self, path: str, content: bytes, **behaviour: Any) -> str:
        """Serve a file from now on; return its URL."""
        self.pages[path] = Page(content, **behaviour)
        return f"{self.url}{path}"

    @property
    def ranges(self) -> list[str | None]:
        """The range that each request so far asked for."""
        return [headers.get("Range") for _, headers in self.asked]


class _Handler(BaseHTTPRequestHandler):
    mirror: Mirror

    def do_GET(self) -> None:
        self.mirror.asked.append((self.path, dict(self.headers.items())))
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
        with suppress(ConnectionError):  # of a reader that has seen enough, or was killed
            self._write(page, body if cut is None else body[:cut], silent=not start)

    def _write(self, page: Page, body: bytes, silent: bool) -> None:
        if page.stalls is not None and silent:
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
    """Run a server."""
    handler = type("Handler", (_Handler,), {})
    web = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    handler.mirror = told = Mirror(f"http://127.0.0.1:{web.server_port}")  # type: ignore[attr-defined]
    thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield told
    told.go_on()
    web.shutdown()
    web.server_close()
    thread.join()
