"""SeaweedFS's ports neither return nor delete content without a key."""

import http.client
import json
import socket
import ssl
from pathlib import Path

import httpx
import pytest

from tests.include.local_aws.local_server import BUCKET, LocalServer
from tests.include.local_aws.storage.listening import listening_ports

CONTENT = "private content"
# Preface and SETTINGS frame of a gRPC client; a server that accepts it sends its own.
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes.fromhex("000000040000000000")
PATHS = (
    "/",
    "/status",
    "/dir/assign",
    "/dir/status",
    "/dir/lookup?volumeId=1",
    "/cluster/status",
    "/col/delete?collection=bucket",
    "/vol/vacuum",
    "/ui/index.html",
    "/buckets/bucket/private/a.txt",
    "/bucket/private/a.txt",
    "/debug/pprof/",
    *(f"/{volume},01" for volume in range(1, 9)),
)


@pytest.fixture(scope="module")
def ports(aws: LocalServer) -> set[int]:
    """All ports of the server and SeaweedFS except the server's port."""
    aws.put("private", a=CONTENT)
    found = listening_ports(aws.pid) - {aws.port}
    assert _s3_ports(aws) < found
    assert len(found) >= 9, found  # HTTP and gRPC of master, volume server, filer and S3
    return found


def _s3_ports(aws: LocalServer) -> set[int]:
    """Return the gateway's port and SeaweedFS's S3 port, which verify signatures."""
    return {int(aws.environment["AWS_ENDPOINT_URL_S3"].rpartition(":")[2]), _ports(aws)["s3"]}


def _ports(aws: LocalServer) -> dict[str, int]:
    """Return SeaweedFS's HTTP ports by component."""
    found: dict[str, int] = json.loads((aws.root / "s3/ports.json").read_text())
    return found


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
def test_plain_http_cannot_read_or_delete(aws: LocalServer, ports: set[int], method: str) -> None:
    for port in ports:
        for path in PATHS:
            answer = _request(port, method, path)
            assert answer is None or CONTENT not in answer[1], (port, path)
            if path == "/status" and port in _s3_ports(aws) | {_ports(aws)["volume"]}:
                continue  # S3's response is empty; that of the volume server has its disk usage
            assert answer is None or 400 <= answer[0] < 500, (port, path, answer)
    assert aws.get(f"s3://{BUCKET}/private/a.txt").decode() == CONTENT


def _request(port: int, method: str, path: str) -> tuple[int, str] | None:
    """Return status and text; None if the port does not answer HTTP requests."""
    try:
        answer = httpx.request(method, f"http://127.0.0.1:{port}{path}", content="x", timeout=10)
    except httpx.HTTPError:
        return None
    return answer.status_code, answer.text


def test_internal_ports_require_a_certificate(aws: LocalServer, ports: set[int]) -> None:
    """With TLS and with plain HTTP/2 (gRPC)."""
    for port in ports - _s3_ports(aws):
        assert _grpc_answer(port) == b"", port
        with pytest.raises((ssl.SSLError, OSError, http.client.HTTPException)):
            _over_tls(port)


def test_the_volume_server_requires_a_token(aws: LocalServer) -> None:
    port = _ports(aws)["volume"]
    status = _request(port, "GET", "/status")
    assert status is not None
    volumes = [volume["Id"] for volume in json.loads(status[1])["Volumes"]]
    assert volumes
    for volume in volumes:
        for method in ("GET", "DELETE", "PUT"):
            answer = _request(port, method, f"/{volume},01637037d6")
            assert answer is not None
            assert (answer[0], json.loads(answer[1])) == (401, {"error": "wrong jwt"})


def _grpc_answer(port: int) -> bytes:
    """Return a server's response to the preface of a gRPC client without TLS."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(PREFACE)
        connection.shutdown(socket.SHUT_WR)
        try:
            answer = connection.recv(4096)
        except ConnectionResetError:
            return b""
    # A TLS alert and an HTTP/1 error are rejections.
    return b"" if answer.startswith((b"\x15", b"HTTP/1.0 4", b"HTTP/1.1 4")) else answer


def _over_tls(port: int) -> bytes:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2", "http/1.1"])
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=context)
    connection.request("GET", "/status")
    return connection.getresponse().read()


def test_only_the_owner_can_read_keys_and_certificates(aws: LocalServer) -> None:
    for name in ("tls.key", "tls.crt", "security.toml", "s3.json"):
        assert Path(aws.root, "s3", name).stat().st_mode & 0o777 == 0o600
