"""Exit status of a command whose stdout has no reader any more, as in `command | head -1`."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable

CLOSED_STDOUT = 128 + 13
"""The exit status that shells show for a program that SIGPIPE (13) has ended."""


def run_command(main: Callable[[], int]) -> int:
    """Run a command and return its exit status; `CLOSED_STDOUT` if the reader of stdout has gone.

    Python ignores SIGPIPE, so writing to a closed pipe raises BrokenPipeError, a second time when
    the interpreter flushes stdout at its exit: stdout is replaced by /dev/null.
    https://docs.python.org/3/library/signal.html#note-on-sigpipe

    Args:
        main: The command. Its output is flushed when it returns or raises SystemExit.

    Raises:
        BrokenPipeError: Another pipe or socket than stdout is closed.
    """
    try:
        try:
            status = main()
        except SystemExit:  # after --help, or at a signal
            sys.stdout.flush()
            raise
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        if not _reader_has_gone():
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED_STDOUT


def _reader_has_gone() -> bool:
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)  # errors are reported without being requested
    return bool(poll.poll(0))
