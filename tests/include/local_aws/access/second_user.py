"""Access attempts of a second user; test_second_user.py runs this program as that user.

It reads JSON with the server's ports and folder from standard input, and prints JSON with the
attempts that succeeded. If a port does not answer, it ends with an error. It uses only Python's
standard library, which all users can read.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import sys
from pathlib import Path

SIGNED = (
    "AWS4-HMAC-SHA256 Credential={key}/20260101/us-east-1/{service}/aws4_request, "
    "SignedHeaders=host, Signature=" + "0" * 64
)
TARGETS = {"sagemaker": "SageMaker.ListModels", "logs": "Logs_20140328.DescribeLogGroups"}


def main() -> None:
    """Run all attempts, and print those that succeeded."""
    arguments = json.load(sys.stdin)
    found = [*_files(Path(arguments["root"])), *_api(arguments["port"]), *_page(arguments["port"])]
    for port in arguments["ports"]:
        found += _storage(port, arguments["bucket"], arguments["key"])
    found += _sockets()
    print(json.dumps({"uid": os.getuid(), "accessible": found}))


def _files(root: Path) -> list[str]:
    """Read the folder and its files."""
    found = []
    for name in ("", "credentials", "config", "status-url", "state.sqlite", "s3/s3.json", "logs"):
        try:
            os.listdir(root / name) if name in ("", "logs") else (root / name).read_bytes()
        except PermissionError:
            continue
        found.append(f"file {name or root}")
    return found


def _api(port: int) -> list[str]:
    """Call without keys, with well-known keys, and with a forged signature."""
    found = []
    for service in ("sagemaker", "logs", "sts", "iam", "monitoring", "sns"):
        for key in ("", "local", "AKIAIOSFODNN7EXAMPLE"):
            headers = {"X-Amz-Target": TARGETS.get(service, "")}
            if key:
                headers["Authorization"] = SIGNED.format(key=key, service=service)
            status, _ = _request(port, "POST", "/", "{}", headers)
            if status != 403:
                found.append(f"{service} with key {key!r}: {status}")
    return found


def _page(port: int) -> list[str]:
    paths = ("/", "/jobs/training/a", "/log?group=a&stream=b", "/log.txt", "/endpoints/a")
    return [f"page {path}" for path in paths if _request(port, "GET", path)[0] != 403]


def _storage(port: int, bucket: str, key: str) -> list[str]:
    found = []
    paths = (f"/{bucket}/{key}", f"/buckets/{bucket}/{key}", f"/{bucket}", "/dir/status", "/1,01")
    for method in ("GET", "DELETE", "PUT"):
        for path in paths:
            for headers in ({}, {"Authorization": SIGNED.format(key="local", service="s3")}):
                status, _ = _request(port, method, path, "x", headers)
                if status is not None and status < 400:
                    found.append(f"port {port}: {method} {path}: {status}")
    return found


def _sockets() -> list[str]:
    """Connect to the Unix sockets in /tmp."""
    found = []
    for path in Path("/tmp").glob("seaweedfs-*.sock"):
        with socket.socket(socket.AF_UNIX) as connection:
            try:
                connection.connect(str(path))
            except OSError:
                continue
            found.append(f"socket {path}")
    return found


def _request(
    port: int,
    method: str,
    path: str,
    body: str | None = None,
    headers: dict[str, str] | None = None,
) -> tuple[int | None, bytes]:
    """Return status and content; None if the port does not answer HTTP requests.

    Raises:
        TimeoutError: No response within a minute, which is neither access nor a rejection.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    except TimeoutError as error:
        raise TimeoutError(f"port {port} did not answer {method} {path} in a minute") from error
    except (ConnectionError, http.client.HTTPException):
        return None, b""
    finally:
        connection.close()


if __name__ == "__main__":
    main()
