"""Unix sockets that SeaweedFS creates in /tmp, where all users may create files."""

import contextlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path

_FOLDER = Path("/tmp")  # cannot be configured in SeaweedFS


def rpc_sockets(ports: Mapping[str, int]) -> list[Path]:
    """Return the paths of the gRPC sockets of SeaweedFS's components."""
    return [_FOLDER / f"seaweedfs-{name}-grpc-{port + 10000}.sock" for name, port in ports.items()]


def remove_own(ports: Mapping[str, int]) -> None:
    """Delete sockets of this user's SeaweedFS. The ports must not be in use."""
    for path in rpc_sockets(ports):
        if _is_own(path):
            path.unlink(missing_ok=True)


def foreign(ports: Mapping[str, int]) -> list[Path]:
    """Return the paths that exist and are not sockets of this user.

    SeaweedFS could not replace such a file, and its components would connect to it.
    """
    return [path for path in rpc_sockets(ports) if os.path.lexists(path) and not _is_own(path)]


def _is_own(path: Path) -> bool:
    with contextlib.suppress(FileNotFoundError):
        found = path.lstat()
        return stat.S_ISSOCK(found.st_mode) and found.st_uid == os.geteuid()
    return False
