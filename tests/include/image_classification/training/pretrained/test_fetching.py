"""Weights from anywhere, checked before they are used; what fails says which URI and why."""

import hashlib
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from include.image_classification.container import ProgramError
from include.image_classification.training.pretrained import fetching
from include.image_classification.training.pretrained.fetching import check_sha256, fetch

CONTENT = b"weights" * 1000


class Handler(BaseHTTPRequestHandler):
    """Serves /whole, cuts /cut short, has nothing else."""

    def do_GET(self) -> None:
        if self.path not in ("/whole", "/cut", "/bucket/whole"):
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT[: 10 if self.path == "/cut" else None])

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(autouse=True)
def _loopback_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FETCH_ALLOWED_HOSTS", "127.0.0.1")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()


def test_a_file_is_read_where_it_is(tmp_path: Path) -> None:
    file = tmp_path / "with space.params"
    file.write_bytes(CONTENT)
    assert fetch(str(file), tmp_path) == file
    assert fetch(file.as_uri(), tmp_path) == file


def test_a_web_file_is_copied(server: str, tmp_path: Path) -> None:
    assert fetch(f"{server}/whole", tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("/no/such/file.params", "no such file in the container"),
        ("weights.params", "must be an absolute path or a URI"),
        ("ftp://host/weights", "neither a file's path nor s3:// nor https://"),
        ("http://host.invalid/weights", "http://host.invalid/weights does not answer"),
    ],
)
def test_a_uri_that_leads_nowhere_is_named(tmp_path: Path, uri: str, message: str) -> None:
    with pytest.raises(ProgramError, match=message):
        fetch(uri, tmp_path)


def test_what_the_server_refuses_or_cuts_is_told(server: str, tmp_path: Path) -> None:
    with pytest.raises(ProgramError, match=r"/absent does not answer: .*404"):
        fetch(f"{server}/absent", tmp_path)
    with pytest.raises(ProgramError, match=r"/cut (was cut off: 10 bytes of 7000|does not answer)"):
        fetch(f"{server}/cut", tmp_path)


def test_a_token_is_neither_logged_nor_told(
    server: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    with pytest.raises(ProgramError, match=r"/absent does not answer: .*404") as raised:
        fetch(f"{server}/absent?sig=t0ken", tmp_path)
    with pytest.raises(ProgramError, match="cannot be requested") as unsent:
        fetch("http://user:t0ken@127.0.0.1/whole", tmp_path)
    assert "Fetching" in caplog.text
    assert "t0ken" not in str(raised.value) + str(unsent.value) + caplog.text


def test_a_silent_server_is_not_waited_for_forever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "SILENT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(ProgramError, match=r"does not answer: .*timed out"):
            fetch(f"http://127.0.0.1:{port}/weights", tmp_path)


def test_more_than_weights_can_be_is_not_stored(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "LARGEST", 100)
    with pytest.raises(ProgramError, match="larger than 100 bytes"):
        fetch(f"{server}/whole", tmp_path)


@pytest.mark.parametrize("uri", ["http://169.254.169.254/latest", "https://[::1]/weights"])
def test_weights_come_from_no_private_address(tmp_path: Path, uri: str) -> None:
    with pytest.raises(ProgramError, match=r"no public address: .*\(FETCH_ALLOWED_HOSTS\)"):
        fetch(uri, tmp_path)


def test_a_mistake_in_the_allowed_hosts_is_named(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FETCH_ALLOWED_HOSTS", "10.0.0.1/8")
    with pytest.raises(ProgramError, match=r"fetch_allowed_hosts: '10.0.0.1/8' is neither"):
        fetch(f"{server}/whole", tmp_path)


def test_more_than_weights_can_be_is_not_read_from_s3(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "LARGEST", 100)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server)
    with pytest.raises(ProgramError, match=r"s3://bucket/whole is larger than 100 bytes"):
        fetch("s3://bucket/whole", tmp_path)
    assert [file for file in tmp_path.iterdir() if file.stat().st_size] == []


def test_an_object_that_s3_does_not_give_is_named(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server)
    with pytest.raises(ProgramError, match=r"s3://bucket/absent cannot be read: .*404"):
        fetch("s3://bucket/absent", tmp_path)


def test_only_the_expected_content_passes(tmp_path: Path) -> None:
    file = tmp_path / "weights"
    file.write_bytes(CONTENT)
    digest = hashlib.sha256(CONTENT).hexdigest()
    check_sha256(file, digest.upper(), "it")
    with pytest.raises(
        ProgramError, match=f"it has sha256 {digest}, not .*nothing of it was loaded"
    ):
        check_sha256(file, "0" * 64, "it")
