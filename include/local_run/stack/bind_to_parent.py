"""Runs a command that ends when its parent does: `bind_to_parent.py PARENT_PID COMMAND...`.

A script of its own, run with `python -I -S`, because what follows a fork must not happen in a
process with threads. The kernel keeps the wish over the exec.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Binds this process to its parent, then becomes the command."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it died before the wish was known
        sys.exit(1)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
