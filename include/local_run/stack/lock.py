"""One stack in a folder at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from include.local_run.errors import usage
from include.local_run.project_paths import Places
from include.local_run.stack.private import make_private


@contextmanager
def claim(places: Places) -> Iterator[None]:
    """Holds this folder for one run; the kernel releases it however the process ends.

    Raises:
        RunError: Another run holds it, or other users can enter it.
    """
    make_private(places)
    with places.lock.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise usage(
                f"already running in {places.local.parent} (process {holder}): use it, or end it "
                f"with Ctrl-C there or `kill {holder}`"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
