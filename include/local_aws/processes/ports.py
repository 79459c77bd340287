"""Free TCP ports."""

import errno
import json
import random
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from include.local_aws.access.private_files import write_private_file

_HIGHEST = 0xFFFF


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen there now."""
    return obstacle(port, host) is None


def obstacle(port: int, host: str) -> str | None:
    """Why no server could listen there now, or None."""
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
    """A port that is free now, of the kernel's choice."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def free_pairs(count: int) -> list[int]:
    """Ports that are free together with the port 10,000 above.

    Both lie below 32768, where the kernel hands out no ports of its own choice, so that they
    are likely to be free again after a restart.
    """
    candidates = random.SystemRandom().sample(range(12000, 22000), 10000)
    pairs = (port for port in candidates if is_free(port) and is_free(port + 10000))
    return [next(pairs) for _ in range(count)]


def kept_port(file: Path, host: str) -> int:
    """The port that the file names if it is free on that host, else another, which it names then.

    It lies where the ports of `free_pairs` do. A damaged file names none. OSError if the host
    cannot be listened on.
    """
    kept = _read_json(file)
    if _is_port(kept) and is_free(kept, host):
        return int(kept)
    free_port(host)
    candidates = random.SystemRandom().sample(range(12000, 22000), 10000)
    port = next(port for port in candidates if is_free(port, host))
    write_private_file(file, json.dumps(port).encode())
    return port


def kept_pairs(file: Path, names: Sequence[str]) -> dict[str, int] | None:
    """Return the ports of `free_pairs` that the file keeps by name; None if it is damaged."""
    kept = _read_json(file)
    if not isinstance(kept, dict) or kept.keys() != set(names):
        return None
    whole = all(_is_port(port) and _is_port(port + 10000) for port in kept.values())
    return kept if whole else None


def _read_json(file: Path) -> Any:
    """Return what the file holds; None if there is no file, or it is half-written."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None


def _is_port(value: Any) -> bool:
    """Return whether a value of JSON is the number of a TCP port."""
    return type(value) is int and 0 < value <= _HIGHEST
