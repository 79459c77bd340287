"""Lock of a state folder: at most one stack runs in it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from include.local_run.errors import usage_error
from include.local_run.project_paths import ProjectPaths
from include.local_run.stack.state_folder import create_state_folder


@contextmanager
def acquire_lock(paths: ProjectPaths) -> Iterator[None]:
    """Hold the lock of the state folder. The kernel releases it when the process ends.

    Raises:
        RunError: Another run holds the lock, or other users can access the folder.
    """
    create_state_folder(paths)
    with paths.lock.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise usage_error(
                f"already running in {paths.local.parent} (process {holder}): use it, or stop it "
                f"with Ctrl-C in its terminal or `kill {holder}`"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
