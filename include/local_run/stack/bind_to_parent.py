"""Run a command that ends with its parent: `bind_to_parent.py PARENT_PID COMMAND...`.

A separate script, run with `python -I -S`, because a process with threads must not run Python
code between fork and exec. The setting of the kernel survives the exec.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def bind(parent: int) -> None:
    """Have the kernel send SIGTERM to this process when its parent ends; exit if it has ended."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # the parent ended before prctl
        sys.exit(1)


def main() -> None:
    """Bind this process to its parent, then execute the command."""
    command = sys.argv[2:]
    bind(int(sys.argv[1]))
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
