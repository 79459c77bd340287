"""Fetching of weights, and the messages when it fails."""

import hashlib
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from include.image_classification.container import CommandError
from include.image_classification.training.pretrained import fetching, web_download
from include.image_classification.training.pretrained.fetching import check_sha256, fetch

CONTENT = b"weights" * 1000


class Handler(BaseHTTPRequestHandler):
    """Serves /whole, and /cut with too few bytes; answers 404 to other paths."""

    def do_GET(self) -> None:
        if self.path not in ("/whole", "/cut", "/bucket/whole", "/bucket/my%20%23%25%3F/whole"):
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT[: 10 if self.path == "/cut" else None])

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture(autouse=True)
def _allow_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FETCH_ALLOWED_HOSTS", "127.0.0.1")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()


def test_a_local_file_is_not_copied(tmp_path: Path) -> None:
    file = tmp_path / "with space.params"
    file.write_bytes(CONTENT)
    assert fetch(str(file), tmp_path) == file
    assert fetch(file.as_uri(), tmp_path) == file


def test_a_web_file_is_downloaded(server: str, tmp_path: Path) -> None:
    assert fetch(f"{server}/whole", tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("/no/such/file.params", "does not exist in the container"),
        ("weights.params", "must be an absolute path or a URI"),
        ("ftp://host/weights", "not supported: use an absolute path, s3:// or https://"),
        ("http://host.invalid/weights", "http://host.invalid/weights cannot be downloaded"),
    ],
)
def test_an_error_names_the_uri(tmp_path: Path, uri: str, message: str) -> None:
    with pytest.raises(CommandError, match=message):
        fetch(uri, tmp_path)


def test_an_http_error_and_a_cut_response_fail(server: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"/absent cannot be downloaded: .*404"):
        fetch(f"{server}/absent", tmp_path)
    cut = r"/cut (was cut off: 10 of 7000 bytes|cannot be downloaded)"
    with pytest.raises(CommandError, match=cut):
        fetch(f"{server}/cut", tmp_path)


def test_a_token_is_neither_logged_nor_in_an_error(
    server: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    with pytest.raises(CommandError, match=r"/absent cannot be downloaded: .*404") as absent:
        fetch(f"{server}/absent?sig=t0ken", tmp_path)
    with pytest.raises(CommandError, match="cannot be requested") as with_password:
        fetch("http://user:t0ken@127.0.0.1/whole", tmp_path)
    assert "Fetching" in caplog.text
    assert "t0ken" not in str(absent.value) + str(with_password.value) + caplog.text


def test_a_silent_server_runs_into_the_timeout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_download, "READ_TIMEOUT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(CommandError, match=r"cannot be downloaded: .*timed out"):
            fetch(f"http://127.0.0.1:{port}/weights", tmp_path)


def test_a_web_file_above_the_size_limit_is_rejected(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "MAX_BYTES", 100)
    with pytest.raises(CommandError, match="larger than the limit of 100 bytes"):
        fetch(f"{server}/whole", tmp_path)


@pytest.mark.parametrize("uri", ["http://169.254.169.254/latest", "https://[::1]/weights"])
def test_a_private_address_is_rejected(tmp_path: Path, uri: str) -> None:
    with pytest.raises(CommandError, match=r"no public address: .*\(FETCH_ALLOWED_HOSTS\)"):
        fetch(uri, tmp_path)


def test_invalid_allowed_hosts_are_named(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FETCH_ALLOWED_HOSTS", "10.0.0.1/8")
    with pytest.raises(CommandError, match=r"fetch_allowed_hosts: '10.0.0.1/8' is neither"):
        fetch(f"{server}/whole", tmp_path)


def test_an_s3_object_above_the_size_limit_is_rejected(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "MAX_BYTES", 100)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server)
    with pytest.raises(
        CommandError, match=r"s3://bucket/whole is larger than the limit of 100 bytes"
    ):
        fetch("s3://bucket/whole", tmp_path)
    assert [file for file in tmp_path.iterdir() if file.stat().st_size] == []


def test_the_key_of_an_s3_object_may_have_any_characters(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server)
    found = fetch("s3://bucket/my #%?/whole", tmp_path)
    assert (found.name, found.read_bytes()) == ("whole", CONTENT)


def test_a_missing_s3_object_is_named(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server)
    with pytest.raises(CommandError, match=r"s3://bucket/absent cannot be read: .*404"):
        fetch("s3://bucket/absent", tmp_path)


def test_the_sha256_is_checked(tmp_path: Path) -> None:
    file = tmp_path / "weights"
    file.write_bytes(CONTENT)
    digest = hashlib.sha256(CONTENT).hexdigest()
    check_sha256(file, digest.upper(), "the file")
    message = f"the file has SHA-256 {digest}, but .* is 000.*it was not loaded"
    with pytest.raises(CommandError, match=message):
        check_sha256(file, "0" * 64, "the file")
