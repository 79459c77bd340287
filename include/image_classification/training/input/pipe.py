"""Pipe mode: a FIFO for each pass over a channel, `<channel>_0`, `<channel>_1`, ..."""

import contextlib
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from include.image_classification.container import ProgramError

APPEARS_SECONDS = 120.0
"""SageMaker makes the next FIFO when the last is opened or done, in its own time."""

_TICK = 0.05


class Pipe:
    """One channel's FIFOs, each read once. MXNet's own reader needs to seek, so cannot do it."""

    def __init__(self, folder: Path, channel: str) -> None:
        """Take the folder of all channels and the channel's name."""
        self._folder, self.channel = folder, channel
        self._passes = 0

    @contextlib.contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        """Give the next pass as a stream. It may be closed before its end.

        Raises:
            ProgramError: Nobody writes a FIFO of the name.
        """
        path = self._folder / f"{self.channel}_{self._passes}"
        self._await(path)
        self._passes += 1
        with path.open("rb") as stream:
            yield stream

    def _await(self, path: Path) -> None:
        deadline = time.monotonic() + APPEARS_SECONDS
        while not _is_fifo(path):
            if time.monotonic() > deadline:
                raise ProgramError(
                    f"channel {self.channel} is in Pipe mode, but there is no FIFO {path}: "
                    "use File mode, or see why its data does not arrive"
                )
            time.sleep(_TICK)


def _is_fifo(path: Path) -> bool:
    try:
        return stat.S_ISFIFO(os.stat(path).st_mode)
    except FileNotFoundError:
        return False
