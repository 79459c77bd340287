"""Test helpers for a running server."""

import socket
import time

import httpx
import pytest

from tests.waiting import LONG


def free_port() -> int:
    """Return a free port."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def wait_until_healthy(port: int) -> None:
    """Return when /ping answers 200; fail the test after a minute."""
    deadline = time.monotonic() + LONG
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/ping", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    pytest.fail("the server did not become healthy")
