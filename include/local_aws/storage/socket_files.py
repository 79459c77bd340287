"""The Unix sockets that SeaweedFS makes in /tmp, where every user may put files."""

import contextlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path

_FOLDER = Path("/tmp")  # fixed in SeaweedFS; its other sockets have options


def rpc_sockets(ports: Mapping[str, int]) -> list[Path]:
    """The sockets for the calls between its parts, by the part's name and port."""
    return [_FOLDER / f"seaweedfs-{name}-grpc-{port + 10000}.sock" for name, port in ports.items()]


def remove_own(ports: Mapping[str, int]) -> None:
    """Remove the sockets that this user's SeaweedFS left; call it while none uses the ports."""
    for path in rpc_sockets(ports):
        if _is_own(path):
            path.unlink(missing_ok=True)


def foreign(ports: Mapping[str, int]) -> list[Path]:
    """What stands at a socket's path and is no socket of this user.

    SeaweedFS could not replace it, and its parts would call whoever listens there.
    """
    return [path for path in rpc_sockets(ports) if os.path.lexists(path) and not _is_own(path)]


def _is_own(path: Path) -> bool:
    with contextlib.suppress(FileNotFoundError):
        found = path.lstat()
        return stat.S_ISSOCK(found.st_mode) and found.st_uid == os.geteuid()
    return False
