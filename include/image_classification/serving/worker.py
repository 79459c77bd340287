"""Worker process: loads the model, and serves on a socket that it shares with other workers.

Run as `python -m <this module> <socket> <ready>` with two file descriptors. The standard input must
stay open while the parent process runs.
"""

import logging
import os
import signal
import socket
import sys
import threading
import time

import cv2
import uvicorn

from include.image_classification.container import CommandError, base_dir, write_failure
from include.image_classification.serving.application import make_application
from include.image_classification.serving.limits import Limits
from include.image_classification.serving.model import Model

_log = logging.getLogger(__name__)
SHUTDOWN_SECONDS = 4
"""How long running requests may take after SIGTERM. The parent process waits slightly longer."""


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: int) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        os.write(self._ready, b"!")


def main(arguments: list[str]) -> int:
    """Serve until SIGTERM, or until the parent process ends.

    Returns:
        The exit status: 1 if the model cannot be loaded.
    """
    logging.basicConfig(
        stream=sys.stdout, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    listening, ready = map(int, arguments)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    cv2.setNumThreads(1)  # several threads decode photos
    try:
        _serve(socket.socket(fileno=listening), ready)
    except CommandError as error:
        write_failure(str(error))
        return 1
    return 0


def _serve(listening: socket.socket, ready: int) -> None:
    started = time.perf_counter()
    model = Model(base_dir() / "model")
    _log.info(
        "Model for %s images loaded in %.1f s, serving in %s%s",
        "x".join(map(str, model.shape)),
        time.perf_counter() - started,
        model.precision,
        ", averaged with the mirror images' predictions" if model.averages_flips else "",
    )
    threads = int(os.environ["OMP_NUM_THREADS"])
    config = uvicorn.Config(
        make_application(model, Limits.from_environment(), threads),
        access_log=False,
        log_config=None,
        lifespan="off",
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    _Server(config, ready).run([listening])


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
