"""Files and folders of a local run that other users of the machine cannot read."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from include.local_run.errors import usage
from include.local_run.project_paths import Places

OTHERS = 0o077
"""The permissions of everybody but the owner."""


def make_private(places: Places) -> None:
    """Make the folder of all state, which only its owner can enter.

    Raises:
        RunError: The folder was named by the user (--local), exists, and is open to other users.
            It may hold more than this program's files, so its permissions are left alone.
    """
    folder = places.local
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    mode = folder.stat().st_mode & 0o777
    if not mode & OTHERS:
        return
    if places.state is not None:
        raise usage(
            f"--local {folder} is open to other users of this machine (mode {mode:04o}), and "
            f"passwords would be kept there: `chmod 700 {folder}`, or name a folder that does not "
            "exist yet"
        )
    folder.chmod(0o700)


def kept_secret(file: Path, make: Callable[[], str]) -> str:
    """Return the content of a file that only its owner can read; made at the first call.

    The file is written beside and renamed, so that it is never half there.
    """
    if file.exists() and (content := file.read_text()):
        file.chmod(0o600)
        return content
    content = make()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = file.with_name(f"{file.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(content)
    unfinished.rename(file)
    return content
