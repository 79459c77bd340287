"""Check that ports are free, and name the process that uses a port."""

from __future__ import annotations

import socket
from contextlib import suppress
from pathlib import Path

from include.local_run.errors import usage_error


def require_free_port(port: int, purpose: str, variable: str) -> None:
    """Check that a server can listen on a port of the loopback interface.

    Raises:
        RunError: The port is in use or invalid. The message names the process and the fix.
    """
    if not 0 < port < 65536:
        raise usage_error(f"{variable}={port} is not a port: choose one between 1024 and 65535")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            raise usage_error(
                f"port {port} for {purpose} needs root: choose {variable}=<port above 1023>"
            ) from None
        except OSError:
            raise usage_error(
                f"port {port} for {purpose} is in use by {find_owner(port)}: stop it, or "
                f"choose another port with {variable}=<port>"
            ) from None


def find_owner(port: int) -> str:
    """Return a description of the process that listens on a port, as far as /proc shows it."""
    sockets = _listening_sockets(port)
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        if sockets & _open_files(folder):
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            return f"process {folder.name} ({command.strip()[:80]})"
    return "another process (of another user, or of `make run` in another folder)"


def _listening_sockets(port: int) -> set[str]:
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
    """Return the kernel's names of a process's open files; none if it is another user's."""
    found = set()
    try:
        for file in (process / "fd").iterdir():
            with suppress(OSError):  # the file was closed meanwhile
                found.add(file.readlink().name)
    except OSError:
        return found
    return found
