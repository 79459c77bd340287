"""TCP ports on which the local AWS and SeaweedFS listen, from /proc."""

import os
from pathlib import Path

_LISTEN = "0A"


def descendants(pid: int) -> list[int]:
    """Return the process and its descendants."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # the process has ended
        parents.setdefault(parent, []).append(int(entry.name))
    found = [pid]
    for process in found:
        found += parents.get(process, [])
    return found


def listening_ports(pid: int) -> set[int]:
    """Return the ports of the server and SeaweedFS, IPv4 and IPv6.

    Programs of jobs and endpoints are left out, although they are descendants, too.
    """
    processes = [pid, *(child for child in descendants(pid) if _name(child) == "weed")]
    inodes = {inode for process in processes for inode in _socket_inodes(process)}
    ports = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == _LISTEN and fields[9] in inodes:
                ports.add(int(fields[1].rpartition(":")[2], 16))
    return ports


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""  # the process has ended


def _socket_inodes(pid: int) -> list[str]:
    try:
        links = [os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir()]
    except OSError:
        return []  # the process has ended
    return [link[8:-1] for link in links if link.startswith("socket:[")]
