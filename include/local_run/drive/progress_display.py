"""Progress output of `make run`: log lines, and a status line on terminals."""

from __future__ import annotations

import time

from rich.console import Console
from rich.status import Status
from rich.text import Text


class ProgressDisplay:
    """Prints log lines, each with the seconds since the start.

    On a terminal, a status line below the log lines shows the current activity.

    Args:
        started: When the command started, as a Unix timestamp.
        console: Where to print; standard output by default.
    """

    def __init__(self, started: float, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False, soft_wrap=True)
        self._started = started
        self._status: Status | None = None

    def print_line(self, text: str, style: str = "") -> None:
        """Print a log line."""
        seconds = time.time() - self._started
        self.console.print(Text.assemble((f"{seconds:7.1f} s  ", "dim"), (text, style)))

    def show_status(self, text: str) -> None:
        """Replace the text of the status line. Does nothing if the output is no terminal."""
        if not self.console.is_terminal:
            return
        if self._status is None:
            self._status = self.console.status(Text(text))
            self._status.start()
        self._status.update(Text(text))

    def clear_status(self) -> None:
        """Remove the status line."""
        if self._status is not None:
            self._status.stop()
            self._status = None
