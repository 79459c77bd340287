"""Access to SeaweedFS's internal ports by certificates and tokens.

Master, volume server and filer call each other by HTTP and gRPC on the loopback interface, where
all users and pages in a browser can connect. gRPC, and HTTP of master and filer, require a client
certificate that only this server has (mutual TLS). HTTP of the volume server requires a token that
the master signs for one file and ten seconds, because SeaweedFS always reads encrypted uploads by
plain HTTP. Without a token the volume server only shows the disk usage by volume and bucket. The
port of S3 verifies S3 signatures.
"""

import datetime
import ipaddress
import json
import secrets
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from include.local_aws.access.private_files import write_private_file

_YEAR = datetime.timedelta(days=366)
_ADDRESS = ipaddress.IPv4Address("127.0.0.1")


def close_ports(directory: Path) -> None:
    """Write security.toml with a new key and certificate. SeaweedFS reads it at its start.

    Args:
        directory: SeaweedFS's working directory, the first place where it searches the file.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = _certificate(key).public_bytes(serialization.Encoding.PEM)
    files = _files(directory)
    write_private_file(files["key"], private)
    write_private_file(files["cert"], public)
    write_private_file(directory / "security.toml", _settings(files).encode())


def client_context(directory: Path) -> ssl.SSLContext:
    """Return the TLS context with which this server can call SeaweedFS's ports."""
    files = _files(directory)
    context = ssl.create_default_context(cafile=files["cert"])
    context.load_cert_chain(files["cert"], files["key"])
    return context


def _files(directory: Path) -> dict[str, Path]:
    return {"cert": directory / "tls.crt", "key": directory / "tls.key"}


def _certificate(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """Return a self-signed certificate, which server and client use."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "local-aws")])
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _YEAR)  # so that changes of the clock do not matter
        .not_valid_after(now + 20 * _YEAR)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(_ADDRESS)]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )


def _settings(files: dict[str, Path]) -> str:
    """Return security.toml: client certificates for gRPC and the master, tokens for volumes."""
    pair = {name: str(file) for name, file in files.items()}
    authority = {"ca": pair["cert"]}
    sections: dict[str, dict[str, object]] = {"grpc": {**authority}}
    for name in ("master", "volume", "filer", "s3", "client"):
        sections[f"grpc.{name}"] = {**pair}
    for name in ("master", "filer"):
        sections[f"https.{name}"] = {**pair, **authority}
    for name in ("signing", "signing.read", "filer_signing", "filer_signing.read"):
        sections[f"jwt.{name}"] = {"key": secrets.token_hex(32)}
    lines = []
    for section, values in sections.items():
        lines.append(f"[{section}]")
        # JSON strings are valid TOML strings.
        lines += [f"{name} = {json.dumps(value)}" for name, value in values.items()]
    return "\n".join(lines) + "\n"
