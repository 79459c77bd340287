"""The state folder (`--root`): marked as one, and with permissions for its owner only."""

import os
import re
import shlex
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from include.local_aws.access.private_files import write_private_file
from include.local_aws.errors import StartupError, write_remedy

MARKER = "local-aws.folder"
_MARKER_TEXT = """\
This folder contains the state of a local AWS (python -m include.local_aws --root).
The server deletes files here: work/, old logs and what clients delete. Keep no other files here.
"""
_IGNORED = {"lost+found"}  # exists if a file system is mounted here
_OTHER_USERS = 0o007
_TABLES = {"resources", "tags"}  # tables of all versions of the state file
_EARLIER_FILES = {
    "lock",
    "s3",
    "logs",
    "work",
}  # of an earlier version
_PID = re.compile(rb"[0-9]{0,10}")
_COMPOSE_CHOWN = (
    "docker compose --profile local-aws run --rm --user 0:0 --entrypoint chown local-aws"
)


def prepare(root: Path, images: Path) -> None:
    """Create the state folder, mark it, and remove the permissions of other users.

    Folders of versions before the marker are recognized by their state file. If their first start
    was interrupted, they are recognized by the file `lock` and the absence of unknown names.

    Args:
        root: The absolute path of the folder.
        images: The image registry, which may be in a new folder.

    Raises:
        StartupError: The folder cannot be used, belongs to another user, or has other files.
    """
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        reason = foreign_files(root, images) or _close(root)
        if reason is None:
            _mark(root / MARKER)
    except OSError as error:
        raise StartupError(
            f"the folder {root} cannot be used ({error.strerror}): "
            f"{write_remedy(error)}, or choose another --root"
        ) from error
    if reason is not None:
        raise StartupError(reason)


def foreign_files(root: Path, images: Path | None = None) -> str | None:
    """Return why the folder is not a state folder and must not be used, or None."""
    names = {entry.name for entry in root.iterdir()} - _IGNORED
    if images is not None and images.parent == root:
        names.discard(images.name)
    if not names or MARKER in names or _has_state(root / "state.sqlite"):
        return None
    if names <= _EARLIER_FILES and _was_interrupted(root):
        return None
    shown = ", ".join(sorted(names)[:3]) + (", ..." if len(names) > 3 else "")
    return (
        f"the folder {root} contains other files ({shown}) and no file {MARKER}, and the server "
        "deletes files in its folder: choose a new or an empty folder with --root"
    )


def _mark(marker: Path) -> None:
    """Write the marker. The server creates it, possibly empty, before all other files."""
    marker.touch(mode=0o600)
    if not marker.read_bytes():
        write_private_file(marker, _MARKER_TEXT.encode())


def _close(root: Path) -> str | None:
    """Remove the permissions of other users; return why that is not possible, or None."""
    found = root.stat()
    if found.st_uid == os.geteuid():
        root.chmod(0o700)
        for file in root.glob("state.sqlite*"):
            file.chmod(0o600)
        return None
    if found.st_uid != 0:
        return (
            f"the folder {root} belongs to another user (uid {found.st_uid}), who could replace "
            f"its files: {_chown(root)}, or choose another --root"
        )
    if found.st_mode & _OTHER_USERS:
        return (
            f"the folder {root} belongs to root and all users can access it: "
            f"{_chown(root)}, or remove their permissions with `chmod o-rwx {root}`"
        )
    return None


def _chown(root: Path) -> str:
    """Return the commands that make this user the owner of the folder, for error messages."""
    path = shlex.quote(str(root))
    return (
        f"change its owner with `chown -R {os.geteuid()} {path}` as root (in docker compose: "
        f"`{_COMPOSE_CHOWN} -R {os.geteuid()}:0 {path}`)"
    )


def _was_interrupted(root: Path) -> bool:
    """Return whether an earlier version's first start was interrupted in the folder.

    It created `lock` (empty, or with its process id), then `s3/` with its ports, and then the
    folders in which a server deletes files, `logs/` and `work/`.
    """
    lock, ports = root / "lock", root / "s3" / "ports.json"
    if not (_is_plain(lock) and lock.stat().st_size <= 10 and _PID.fullmatch(lock.read_bytes())):
        return False
    emptied = any(os.path.lexists(root / name) for name in ("logs", "work"))
    return not emptied or _is_plain(ports)


def _is_plain(file: Path) -> bool:
    """Return whether the path is a regular file and not a link."""
    return file.is_file() and not file.is_symlink()


def _has_state(file: Path) -> bool:
    """Return whether the file is the state of a local AWS."""
    if not file.is_file():
        return False
    try:
        with closing(sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True)) as state:
            found = state.execute("select name from sqlite_master where type = 'table'").fetchall()
    except sqlite3.Error:
        return False
    return {name for (name,) in found} >= _TABLES
