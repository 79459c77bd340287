"""Files are fetched from public addresses only, whatever a server or a name server answers."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from include.common.guarded_http import AddressRefused, AllowedHosts, is_public, open_url
from tests.include.image_classification.fetching.mirror import Mirror, Page

CONTENT = b"content"

PUBLIC = (
    "8.8.8.8",
    "52.216.0.1",
    "2600:1f18::1",
    "2a00:1450:4001::1",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::1",
)
PRIVATE = (
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "203.0.113.9",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::808:808",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:a9fe:a9fe::1",
    "3fff::1",
    "fc00::1",
    "fd00::8",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
)


@pytest.mark.parametrize(
    ("address", "expected"), [*((a, True) for a in PUBLIC), *((a, False) for a in PRIVATE)]
)
def test_public_addresses_are_recognised(address: str, expected: bool) -> None:
    assert is_public(ipaddress.ip_address(address)) is expected
    if not expected:
        allowed = AllowedHosts.parse(f"some.host, {address.partition('%')[0]}")
        assert allowed.allow("some.host", ipaddress.ip_address(address))
        assert not AllowedHosts().allow("some.host", ipaddress.ip_address(address))


def test_hosts_and_networks_are_parsed() -> None:
    allowed = AllowedHosts.parse(" Mirror.corp,10.20.0.0/16\tfd00::/8  127.0.0.1,")
    private = ipaddress.ip_address("192.168.0.1")
    assert allowed.allow("mirror.CORP.", private)
    assert not allowed.allow("other.mirror.corp", private)
    for address in ("10.20.255.1", "fd00::1", "127.0.0.1"):
        assert allowed.allow("any", ipaddress.ip_address(address))
    for address in ("10.21.0.1", "fe80::1", "127.0.0.2"):
        assert not allowed.allow("any", ipaddress.ip_address(address))
    assert AllowedHosts.parse("") == AllowedHosts()


@pytest.mark.parametrize(
    "entry",
    ["10.20.0.1/16", "300.1.1.1", "10.0.0", "http://a.b", "a b/c", "*", "*.corp", "-x", "::1/"],
)
def test_an_invalid_entry_is_named(entry: str) -> None:
    with pytest.raises(ValueError, match=r"fetch_allowed_hosts: '.*' is neither a host's name nor"):
        AllowedHosts.parse(entry)


def get(url: str, allowed: str = "") -> bytes:
    """Fetch with one of the two handlers."""
    parsed = AllowedHosts.parse(allowed)
    with open_url(Request(url), 10, parsed) as response:
        content: bytes = response.read()
    return content


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0.0.0.0"],
)
def test_this_host_is_rejected_in_every_notation(first: Mirror, host: str) -> None:
    url = first.serve("/a", CONTENT).replace("127.0.0.1", host)
    with pytest.raises(AddressRefused, match=f"{host} is at .*name the host or its"):
        get(url)
    assert first.requests == []
    assert get(url, "localhost, 127.0.0.0/8, ::1, 0.0.0.0") == CONTENT


@pytest.mark.parametrize("host", ["[::1]", "[::ffff:127.0.0.1]", "[fe80::1]", "169.254.169.254"])
def test_other_private_addresses_are_rejected_without_a_connection(host: str) -> None:
    with pytest.raises(AddressRefused, match="which is no public address"):
        get(f"http://{host}:9/latest/meta-data/")


@pytest.mark.parametrize("target", ["http://127.0.0.1:{port}/b", "http://169.254.169.254/latest"])
def test_a_redirect_to_a_private_address_is_rejected(
    first: Mirror, second: Mirror, target: str
) -> None:
    second.serve("/b", CONTENT)
    target = target.format(port=second.url.rpartition(":")[2])
    url = first.serve("/a", b"", redirect=target).replace("127.0.0.1", "localhost")
    with pytest.raises(AddressRefused):
        get(url, "localhost")
    assert len(first.requests) == 1
    assert second.requests == []


def test_a_name_is_resolved_once(first: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: the connection goes to the address that was checked."""
    port = int(first.url.rpartition(":")[2])
    answers = iter([("127.0.0.1", port), ("169.254.169.254", port)])
    family, kind = socket.AF_INET, socket.SOCK_STREAM
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *_, **__: [(family, kind, 6, "", next(answers))]
    )
    first.serve("/a", CONTENT)
    assert get(f"http://rebind.example:{port}/a", "127.0.0.1") == CONTENT
    with pytest.raises(AddressRefused, match=r"rebind.example is at 169.254.169.254"):
        get(f"http://rebind.example:{port}/a", "127.0.0.1")


def test_a_few_redirects_are_followed(first: Mirror) -> None:
    for number in range(9):
        first.serve(f"/{number}", b"", redirect=f"{first.url}/{number + 1}")
    first.serve("/9", CONTENT)
    assert get(f"{first.url}/4", "127.0.0.1") == CONTENT
    with pytest.raises(HTTPError, match="redirect"):
        get(f"{first.url}/3", "127.0.0.1")


@pytest.mark.parametrize("target", ["ftp://127.0.0.1/a", "file:///etc/passwd", "data:,x"])
def test_other_schemes_are_rejected(first: Mirror, target: str) -> None:
    url = first.serve("/a", b"", redirect=target)
    with pytest.raises((AddressRefused, HTTPError)):
        get(url, "127.0.0.1")
    with pytest.raises(URLError, match="unknown url type"):
        get(target, "127.0.0.1")


def test_behind_a_proxy_the_target_is_checked_and_the_proxy_asked(
    first: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", first.url)
    first.pages["http://only-the-proxy-knows.invalid/a"] = Page(CONTENT)
    assert get("http://only-the-proxy-knows.invalid/a") == CONTENT
    with pytest.raises(AddressRefused):
        get("http://169.254.169.254/latest")
    assert [path for path, _ in first.requests] == ["http://only-the-proxy-knows.invalid/a"]


@pytest.mark.parametrize("addresses", [("8.8.8.8", "10.0.0.1"), ("10.0.0.1", "8.8.8.8")])
def test_behind_a_proxy_all_addresses_of_a_name_have_to_be_allowed(
    first: Mirror, monkeypatch: pytest.MonkeyPatch, addresses: tuple[str, str]
) -> None:
    """The proxy chooses to which of them it connects."""
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", first.url)
    first.pages["http://two.example/a"] = Page(CONTENT)
    resolve = socket.getaddrinfo

    def answer(host: str, port: int, *options: Any, **named: Any) -> Any:
        if host != "two.example":
            return resolve(host, port, *options, **named)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    with pytest.raises(AddressRefused, match=r"two\.example is at 10\.0\.0\.1, which is no"):
        get("http://two.example/a")
    assert first.requests == []
    assert get("http://two.example/a", "10.0.0.0/8") == CONTENT


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path.startswith("/to="):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to="))
        else:
            self.send_response(200)
            self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        if not self.path.startswith("/to="):
            self.wfile.write(CONTENT)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A server of https for the name localhost, and the certificate to trust."""
    certificate = _certificate(tmp_path_factory.mktemp("tls") / "certificate.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"https://localhost:{server.server_port}", certificate
        server.shutdown()


def _certificate(file: Path) -> Path:
    """Write a key and a certificate for localhost that is signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return file


def test_https_is_verified_by_the_name_and_never_left(
    tls: tuple[str, Path],
    first: Mirror,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url, certificate = tls
    with pytest.raises(URLError, match="CERTIFICATE_VERIFY_FAILED"):
        get(f"{url}/a", "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with pytest.raises(AddressRefused):
        get(f"{url}/a")
    assert get(f"{url}/a", "localhost") == CONTENT
    assert get(f"{url}/to=/a", "localhost") == CONTENT
    with pytest.raises(URLError, match=r"IP address mismatch|not valid for"):
        get(f"{url}/a".replace("localhost", "127.0.0.1"), "127.0.0.1")
    plain = first.serve("/a", CONTENT)
    with pytest.raises(AddressRefused, match=r"redirects from https to http://127.0.0.1"):
        get(f"{url}/to={plain}?token=secret", "localhost, 127.0.0.1")
    assert first.requests == []
    to_tls = first.serve("/b", b"", redirect=f"{url}/a")
    assert get(to_tls, "localhost, 127.0.0.1") == CONTENT
