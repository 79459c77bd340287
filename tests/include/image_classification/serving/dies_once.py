"""A worker for tests: the oldest ends once another has answered; the others stay."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

FOLDER = "DIES_ONCE_FOLDER"


def started(folder: Path) -> list[int]:
    """Return the process ids of those that have begun, the oldest first."""
    return sorted(int(path.name) for path in folder.iterdir() if path.name.isdecimal())


def _wait_until(condition: Callable[[], bool]) -> None:
    while not condition():
        time.sleep(0.002)


if __name__ == "__main__":
    folder, ready = Path(os.environ[FOLDER]), int(sys.argv[2])
    (folder / str(os.getpid())).touch()
    _wait_until(lambda: len(started(folder)) > 1)
    if os.getpid() == started(folder)[0]:
        _wait_until((folder / "answered").exists)
        os._exit(1)  # at once, so that both are seen in one look
    os.write(ready, b"!")
    (folder / "answered").touch()
    sys.stdin.read()  # until the server ends
