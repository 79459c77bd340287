"""Test data: a catalogue with one file, and a server that is its mirror."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from include.contracts import pretrained_weights
from include.contracts.pretrained_weights import PublishedWeights
from include.image_classification.training.pretrained.catalogue import weights

CONTENT = b"published weights" * 1000


def entry_of(content: bytes = CONTENT, **changes: Any) -> PublishedWeights:
    """Return a catalogue's entry for this content, of network torchvision with 18 layers."""
    entry = PublishedWeights(
        name="resnet18",
        network="torchvision",
        num_layers=18,
        file_name="resnet18.pth",
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        license="BSD-3-Clause",
        source="https://example.com",
    )
    return replace(entry, **changes)


def publish(monkeypatch: pytest.MonkeyPatch, *entries: PublishedWeights) -> None:
    """Replace the catalogue."""
    for module in (pretrained_weights, weights):
        monkeypatch.setattr(module, "CATALOGUE", entries)


@dataclass
class Mirror:
    """A running server.

    Attributes:
        url: Its address.
        files: Its files by path; a path that is missing has status 404.
        requested: The paths of all requests.
        wait: Called before each answer.
    """

    url: str
    files: dict[str, bytes] = field(default_factory=dict)
    requested: list[str] = field(default_factory=list)
    wait: Callable[[], object] = lambda: None


@contextmanager
def running_mirror() -> Iterator[Mirror]:
    """Yield a server on this computer."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            mirror.requested.append(self.path)
            content = mirror.files.get(self.path)
            mirror.wait()
            if content is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        mirror = Mirror(f"http://127.0.0.1:{http.server_port}")
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield mirror
        http.shutdown()


def names(folder: Path) -> list[str]:
    """Return the names of all files in a folder, hidden ones too."""
    return sorted(path.name for path in folder.iterdir())
