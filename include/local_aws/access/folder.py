"""The folder of `--root`: marked as a local AWS's own, and closed to other users."""

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
_MEANING = """\
This folder is the state of a local AWS (python -m include.local_aws --root).
Its server removes work/, old files of logs/ and what clients delete. Keep nothing else here.
"""
_IGNORED = {"lost+found"}  # of a file system that is mounted here
_OTHERS = 0o007
_TABLES = {"resources", "tags"}  # of every state file since the first version
_FIRST = {"lock", "s3", "logs", "work"}  # what an earlier version made before its state file
_PID = re.compile(rb"[0-9]{0,10}")
_COMPOSE_CHOWN = (
    "docker compose --profile local-aws run --rm --user 0:0 --entrypoint chown local-aws"
)


def prepare(root: Path, images: Path) -> None:
    """Make the folder of a server's state, mark it, and close it to other users.

    A folder that was made before there was a marker is recognised by its state file, or, if its
    first start was interrupted, by the file `lock` and the absence of other names.

    Args:
        root: the absolute path of the folder.
        images: the image registry, the one other file that may lie in a new folder.

    Raises:
        StartupError: it cannot be used, belongs to another user, or holds other files.
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
    """Return why the folder is not a local AWS's and must stay untouched, or None."""
    names = {entry.name for entry in root.iterdir()} - _IGNORED
    if images is not None and images.parent == root:
        names.discard(images.name)
    if not names or MARKER in names or _has_state(root / "state.sqlite"):
        return None
    if names <= _FIRST and _was_begun(root):
        return None
    shown = ", ".join(sorted(names)[:3]) + (", ..." if len(names) > 3 else "")
    return (
        f"the folder {root} holds other files ({shown}) and no file {MARKER}: a server deletes "
        "files in its folder; choose a new or an empty folder with --root"
    )


def _mark(marker: Path) -> None:
    """Write the marker; it is there, if empty, before any other file is."""
    marker.touch(mode=0o600)
    if not marker.read_bytes():
        write_private_file(marker, _MEANING.encode())


def _close(root: Path) -> str | None:
    """Let only the owner in; returns why that cannot be, or None."""
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
    if found.st_mode & _OTHERS:
        return (
            f"the folder {root} belongs to root and every user may enter it: "
            f"{_chown(root)}, or close it with `chmod o-rwx {root}`"
        )
    return None


def _chown(root: Path) -> str:
    """Return the commands that give the folder to this user."""
    place = shlex.quote(str(root))
    return (
        f"make it this user's with `chown -R {os.geteuid()} {place}` as root (in docker compose: "
        f"`{_COMPOSE_CHOWN} -R {os.geteuid()}:0 {place}`)"
    )


def _was_begun(root: Path) -> bool:
    """Return whether an earlier version's first start was interrupted in the folder.

    That start made `lock` (empty, or with its process id), then `s3/` and its ports, and the
    folders that a server deletes from, `logs/` and `work/`, after these.
    """
    lock, ports = root / "lock", root / "s3" / "ports.json"
    if not (_is_plain(lock) and lock.stat().st_size <= 10 and _PID.fullmatch(lock.read_bytes())):
        return False
    emptied = any(os.path.lexists(root / name) for name in ("logs", "work"))
    return not emptied or _is_plain(ports)


def _is_plain(file: Path) -> bool:
    """Return whether there is a regular file, and no link."""
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
