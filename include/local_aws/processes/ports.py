"""Free TCP ports."""

import errno
import json
import random
import socket
from pathlib import Path


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

    It lies where the ports of `free_pairs` do. OSError if the host cannot be listened on.
    """
    if file.exists():
        kept = int(json.loads(file.read_text()))
        if is_free(kept, host):
            return kept
    free_port(host)
    candidates = random.SystemRandom().sample(range(12000, 22000), 10000)
    port = next(port for port in candidates if is_free(port, host))
    file.write_text(json.dumps(port))
    return port
