"""The folder of `--root`: marked as a local AWS's own, and closed to other users."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from include.local_aws.errors import StartupError

MARKER = "local-aws.folder"
_MEANING = """\
This folder is the state of a local AWS (python -m include.local_aws --root).
Its server removes work/, old files of logs/ and what clients delete. Keep nothing else here.
"""
_IGNORED = {"lost+found"}  # of a file system that is mounted here
_OTHERS = 0o007
_TABLES = {"resources", "tags"}  # of every state file since the first version


def prepare(root: Path, images: Path) -> None:
    """Make the folder of a server's state, mark it, and close it to other users.

    A folder that was made before there was a marker is recognised by its state file.

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
            (root / MARKER).touch(mode=0o600)
    except OSError as error:
        raise StartupError(
            f"the folder {root} cannot be used ({error.strerror}): "
            "make it writable for this user, or choose another --root"
        ) from error
    if reason is not None:
        raise StartupError(reason)
    if not (root / MARKER).read_bytes():
        (root / MARKER).write_text(_MEANING)


def foreign_files(root: Path, images: Path | None = None) -> str | None:
    """Return why the folder is not a local AWS's and must stay untouched, or None."""
    names = {entry.name for entry in root.iterdir()} - _IGNORED
    if images is not None and images.parent == root:
        names.discard(images.name)
    if not names or MARKER in names or _has_state(root / "state.sqlite"):
        return None
    shown = ", ".join(sorted(names)[:3]) + (", ..." if len(names) > 3 else "")
    return (
        f"the folder {root} holds other files ({shown}) and no file {MARKER}: a server deletes "
        "files in its folder; choose a new or an empty folder with --root"
    )


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
            "its files: make it this user's with chown, or choose another --root"
        )
    if found.st_mode & _OTHERS:
        return (
            f"the folder {root} belongs to root and every user may enter it: "
            f"make it this user's with chown, or close it with `chmod o-rwx {root}`"
        )
    return None


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
