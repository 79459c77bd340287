"""What the user sees: lines that stay, and on a terminal one that changes."""

from __future__ import annotations

import time

from rich.console import Console
from rich.status import Status
from rich.text import Text


class Show:
    """Prints lines with the seconds since the start.

    On a terminal, `now` shows what goes on below the lines; elsewhere only lines are printed.
    """

    def __init__(self, started: float, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False, soft_wrap=True)
        self._started = started
        self._status: Status | None = None

    def line(self, text: str, style: str = "") -> None:
        """Prints a line that stays."""
        seconds = time.time() - self._started
        self.console.print(Text.assemble((f"{seconds:7.1f} s  ", "dim"), (text, style)))

    def now(self, text: str) -> None:
        """Says what goes on at the moment."""
        if not self.console.is_terminal:
            return
        if self._status is None:
            self._status = self.console.status(Text(text))
            self._status.start()
        self._status.update(Text(text))

    def quiet(self) -> None:
        """Takes the changing line away."""
        if self._status is not None:
            self._status.stop()
            self._status = None
