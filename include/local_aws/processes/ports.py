"""Choice of free TCP ports."""

import errno
import json
import random
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from include.local_aws.access.private_files import write_private_file

_MAX_PORT = 0xFFFF


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Return whether a server can listen on the port now."""
    return port_conflict(port, host) is None


def port_conflict(port: int, host: str) -> str | None:
    """Return why no server can listen on the port now, or None."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return f"port {port} is in use on {host}"
            return f"port {port} on {host} cannot be listened on ({error.strerror})"
    return None


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port that is free now, chosen by the kernel."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def choose_port_pairs(count: int) -> list[int]:
    """Return ports that are free, and whose port 10,000 above is free, too.

    Both are below 32768, where the kernel does not choose ports, so that they are probably free
    after a restart.
    """
    candidates = random.SystemRandom().sample(range(12000, 22000), 10000)
    pairs = (port for port in candidates if is_free(port) and is_free(port + 10000))
    return [next(pairs) for _ in range(count)]


def load_or_choose_port(file: Path, host: str) -> int:
    """Return the port in the file if it is free, else choose a port and store it in the file.

    The port is from the range of `choose_port_pairs`. A damaged file counts as empty.

    Raises:
        OSError: The host is not an address of this computer.
    """
    stored = _read_json(file)
    if _is_port(stored) and is_free(stored, host):
        return int(stored)
    free_port(host)
    candidates = random.SystemRandom().sample(range(12000, 22000), 10000)
    port = next(port for port in candidates if is_free(port, host))
    write_private_file(file, json.dumps(port).encode())
    return port


def load_port_pairs(file: Path, names: Sequence[str]) -> dict[str, int] | None:
    """Return the stored ports of `choose_port_pairs` by name; None if the file is damaged."""
    stored = _read_json(file)
    if not isinstance(stored, dict) or stored.keys() != set(names):
        return None
    valid = all(_is_port(port) and _is_port(port + 10000) for port in stored.values())
    return stored if valid else None


def _read_json(file: Path) -> Any:
    """Return the file's content; None if it does not exist or is not JSON."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None


def _is_port(value: Any) -> bool:
    """Return whether a JSON value is a TCP port."""
    return type(value) is int and 0 < value <= _MAX_PORT
