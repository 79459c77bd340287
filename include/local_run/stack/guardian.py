"""Ends a stack whose supervisor was killed: `python -m include.local_run.stack.guardian MARK`.

It waits for the end of its standard input, which the kernel brings about however the supervisor
dies. When the supervisor ended everything itself, nothing is left to do here.
"""

from __future__ import annotations

import signal
import subprocess
import sys

from include.local_run.places import PROJECT
from include.local_run.stack.marked import end_marked

GRACE = 10.0


def start_guardian(mark: str) -> subprocess.Popen[bytes]:
    """Starts a guardian for the calling process; it ends with it, or when its input is closed."""
    return subprocess.Popen(
        [sys.executable, "-m", "include.local_run.stack.guardian", mark],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        start_new_session=True,
    )


def main() -> None:
    """Waits for the supervisor's end, then ends what it left."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stdin.buffer.read()
    end_marked(sys.argv[1], GRACE)


if __name__ == "__main__":
    main()
