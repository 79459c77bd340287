"""A file on the web is copied once for each of its states."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest

from include.pipeline import Layout
from include.policies.fetch import FetchError, fetch_source
from include.policies.source import SourceError


class Bucket:
    """The calls of an S3 client that fetching makes, over a dictionary."""

    exceptions = boto3.client("s3", region_name="us-east-1").exceptions

    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, dict[str, str]]] = {}

    def head_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        if Key not in self.objects:
            raise self.exceptions.ClientError({"Error": {"Code": "404"}}, "HeadObject")
        return {"Metadata": self.objects[Key][1]}

    def upload_fileobj(
        self,
        file: Any,
        bucket: str,
        key: str,
        ExtraArgs: dict[str, Any],
    ) -> None:
        parts = []
        while part := file.read(4):
            parts.append(part)
        self.objects[key] = (b"".join(parts), ExtraArgs["Metadata"])


class Quiet(SimpleHTTPRequestHandler):
    """Serves files; of `broken.tgz` less than it says, and instead of `busy.tgz` an excuse."""

    def do_GET(self) -> None:
        if self.path == "/broken.tgz":
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"only this")
            return
        super().do_GET()

    def do_HEAD(self) -> None:
        if self.path == "/busy.tgz":
            self.send_error(503)
            return
        super().do_HEAD()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """Give the address of a server of the temporary folder."""
    web = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    threading.Thread(target=web.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{web.server_port}"
    web.shutdown()
    web.server_close()


def test_a_file_is_fetched_once_for_each_state(server: str, tmp_path: Path, layout: Layout) -> None:
    (tmp_path / "cars train.tgz").write_bytes(b"one")
    bucket, urls = Bucket(), [f"{server}/cars%20train.tgz"]
    assert fetch_source(bucket, layout, urls) == urls
    assert fetch_source(bucket, layout, urls) == []
    (tmp_path / "cars train.tgz").write_bytes(b"longer")
    assert fetch_source(bucket, layout, urls) == urls
    ((key, (content, _)),) = bucket.objects.items()
    assert (key, content) == ("stanford_cars/source/cars train.tgz", b"longer")


def test_a_url_that_cannot_be_read_is_named(server: str, layout: Layout) -> None:
    with pytest.raises(SourceError, match=r"/missing\.tgz cannot be read: .*: see source\.urls"):
        fetch_source(Bucket(), layout, [f"{server}/missing.tgz"])


def test_a_file_that_breaks_off_is_not_kept_as_whole(
    server: str, tmp_path: Path, layout: Layout
) -> None:
    (tmp_path / "broken.tgz").write_bytes(b"x" * 100)
    bucket = Bucket()
    with pytest.raises(FetchError, match=r"/broken\.tgz cannot be read: IncompleteRead"):
        fetch_source(bucket, layout, [f"{server}/broken.tgz"])
    assert bucket.objects == {}


def test_a_server_that_is_busy_or_away_is_asked_again_later(server: str, layout: Layout) -> None:
    with pytest.raises(FetchError, match=r"/busy\.tgz cannot be read: 503"):
        fetch_source(Bucket(), layout, [f"{server}/busy.tgz"])
    with pytest.raises(FetchError, match="refused"):
        fetch_source(Bucket(), layout, ["http://127.0.0.1:9/cars.tgz"])
