"""One host's share of a training: the program `train` as a worker of the parameter server.

Run as `python -m <this module>` by the host's supervisor.
"""

import os
import sys

from include.image_classification.__main__ import main


def leave(status: int) -> None:
    """End the process with this status.

    After a failure at once: on its way out MXNet would wait for all other workers to end, too.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    if status:
        os._exit(status)


if __name__ == "__main__":
    leave(main(["train"]))
