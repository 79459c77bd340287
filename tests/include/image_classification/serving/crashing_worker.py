"""Test worker: the first process crashes once another one is ready; the others keep running."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

FOLDER = "CRASHING_WORKER_FOLDER"


def started(folder: Path) -> list[int]:
    """Return the PIDs of the started workers, in ascending order."""
    return sorted(int(path.name) for path in folder.iterdir() if path.name.isdecimal())


def _wait_until(condition: Callable[[], bool]) -> None:
    while not condition():
        time.sleep(0.002)


if __name__ == "__main__":
    folder, ready = Path(os.environ[FOLDER]), int(sys.argv[2])
    (folder / str(os.getpid())).touch()
    _wait_until(lambda: len(started(folder)) > 1)
    if os.getpid() == started(folder)[0]:
        _wait_until((folder / "ready").exists)
        os._exit(1)  # immediately, so that one check finds both the ready and the crashed worker
    os.write(ready, b"!")
    (folder / "ready").touch()
    sys.stdin.read()  # until the server ends
