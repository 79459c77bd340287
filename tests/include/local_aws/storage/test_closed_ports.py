"""No port of SeaweedFS gives content, or deletes any, without a key."""

import http.client
import json
import socket
import ssl
from pathlib import Path

import httpx
import pytest

from tests.include.local_aws.local_server import BUCKET, LocalServer
from tests.include.local_aws.storage.listening import listening_ports

CONTENT = "what nobody else may read"
# A gRPC client's preface and SETTINGS frame; a server that takes it answers with its own.
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
    """All ports of the server's processes but its own; S3's is among them."""
    aws.put("private", a=CONTENT)
    found = listening_ports(aws.pid) - {aws.port}
    assert _s3_ports(aws) < found
    assert len(found) >= 9, found  # HTTP and gRPC of master, volume server, filer and S3
    return found


def _s3_ports(aws: LocalServer) -> set[int]:
    """The port that clients have, and SeaweedFS's own behind it: these check signatures."""
    return {int(aws.environment["AWS_ENDPOINT_URL_S3"].rpartition(":")[2]), _ports(aws)["s3"]}


def _ports(aws: LocalServer) -> dict[str, int]:
    """SeaweedFS's HTTP ports by its parts' names."""
    found: dict[str, int] = json.loads((aws.root / "s3/ports.json").read_text())
    return found


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
def test_plain_http_gets_nothing_and_deletes_nothing(
    aws: LocalServer, ports: set[int], method: str
) -> None:
    for port in ports:
        for path in PATHS:
            answer = _asked(port, method, path)
            assert answer is None or CONTENT not in answer[1], (port, path)
            if path == "/status" and port in _s3_ports(aws) | {_ports(aws)["volume"]}:
                continue  # S3's is empty; the volume server says how full its files are
            assert answer is None or 400 <= answer[0] < 500, (port, path, answer)
    assert aws.get(f"s3://{BUCKET}/private/a.txt").decode() == CONTENT


def _asked(port: int, method: str, path: str) -> tuple[int, str] | None:
    """Status and text of the answer; None if the port speaks no HTTP with us."""
    try:
        answer = httpx.request(method, f"http://127.0.0.1:{port}{path}", content="x", timeout=10)
    except httpx.HTTPError:
        return None
    return answer.status_code, answer.text


def test_no_port_speaks_with_who_has_no_certificate(aws: LocalServer, ports: set[int]) -> None:
    """Neither over TLS nor over plain HTTP/2, which gRPC is."""
    for port in ports - _s3_ports(aws):
        assert _grpc_answer(port) == b"", port
        with pytest.raises((ssl.SSLError, OSError, http.client.HTTPException)):
            _over_tls(port)


def test_what_a_volume_holds_takes_a_token_to_read_write_and_delete(aws: LocalServer) -> None:
    port = _ports(aws)["volume"]
    status = _asked(port, "GET", "/status")
    assert status is not None
    volumes = [volume["Id"] for volume in json.loads(status[1])["Volumes"]]
    assert volumes
    for volume in volumes:
        for method in ("GET", "DELETE", "PUT"):
            answer = _asked(port, method, f"/{volume},01637037d6")
            assert answer is not None
            assert (answer[0], json.loads(answer[1])) == (401, {"error": "wrong jwt"})


def _grpc_answer(port: int) -> bytes:
    """What a server says to a gRPC client without TLS, when that says hello."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(PREFACE)
        connection.shutdown(socket.SHUT_WR)
        try:
            answer = connection.recv(4096)
        except ConnectionResetError:
            return b""
    # TLS's alert, and an error of HTTP/1, are refusals.
    return b"" if answer.startswith((b"\x15", b"HTTP/1.0 4", b"HTTP/1.1 4")) else answer


def _over_tls(port: int) -> bytes:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2", "http/1.1"])
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=context)
    connection.request("GET", "/status")
    return connection.getresponse().read()


def test_what_lets_in_is_new_at_each_start_and_for_its_owner_alone(aws: LocalServer) -> None:
    for name in ("tls.key", "tls.crt", "security.toml", "s3.json"):
        assert Path(aws.root, "s3", name).stat().st_mode & 0o777 == 0o600
