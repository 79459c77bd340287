"""Worker process of a host: runs the command `train` as a worker of MXNet's parameter server.

The host's supervisor runs it as `python -m <this module>`.
"""

import os
import sys

from include.image_classification.__main__ import main


def exit_process(status: int) -> None:
    """End the process with this status.

    After a failure the process ends without Python's cleanup: MXNet's cleanup would wait until all
    other workers have ended.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    if status:
        os._exit(status)


if __name__ == "__main__":
    exit_process(main(["train"]))
