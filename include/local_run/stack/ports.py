"""Whether a port is free, and what to say if it is not."""

from __future__ import annotations

import socket
from contextlib import suppress
from pathlib import Path

from include.local_run.errors import usage


def require_free(port: int, purpose: str, variable: str) -> None:
    """Checks that a server could listen on a port of the loopback interface.

    Raises:
        RunError: The port is taken or cannot be used: names it, who may hold it, and the fix.
    """
    if not 0 < port < 65536:
        raise usage(f"{variable}={port} is not a port: choose one between 1024 and 65535")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            raise usage(
                f"port {port} for {purpose} needs root: choose {variable}=<above 1023>"
            ) from None
        except OSError:
            raise usage(
                f"port {port} for {purpose} is in use by {holder(port)}: end it, or choose "
                f"another with {variable}=<port>"
            ) from None


def holder(port: int) -> str:
    """Who listens on a port, as far as /proc tells this user."""
    sockets = _listening(port)
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        if sockets & _open_files(folder):
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            return f"process {folder.name} ({command.strip()[:80]})"
    return "another program (of another user, or another folder's `make run`)"


def _listening(port: int) -> set[str]:
    found = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        if not table.exists():
            continue
        for line in table.read_text().splitlines()[1:]:
            columns = line.split()
            if columns[3] == "0A" and int(columns[1].rpartition(":")[2], 16) == port:
                found.add(f"socket:[{columns[9]}]")
    return found


def _open_files(process: Path) -> set[str]:
    """What a process has open, by the kernel's names; nothing if it is another user's."""
    found = set()
    try:
        for file in (process / "fd").iterdir():
            with suppress(OSError):  # closed meanwhile
                found.add(file.readlink().name)
    except OSError:
        return found
    return found
