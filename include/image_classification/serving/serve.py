"""The container's command `serve`: an HTTP server for a trained model."""

import logging
import os
import signal
import socket
import threading

from include.image_classification.container import CommandError
from include.image_classification.serving.limits import Limits
from include.image_classification.serving.workers import Workers, plan_workers

_log = logging.getLogger(__name__)


def main(argv: list[str]) -> None:
    """Serve the model in base/model until SIGTERM, and then complete the running requests.

    Environment variables: SAGEMAKER_BIND_TO_PORT (8080) and SAGEMAKER_BIND_TO_HOST (0.0.0.0) set
    the address; SAGEMAKER_BATCH=true selects the response format of batch transform;
    SAGEMAKER_MODEL_SERVER_WORKERS and OMP_NUM_THREADS divide the processors; SERVING_PRECISION is
    int8 or float32; FLIP_AVERAGE is true or false.

    Raises:
        CommandError: An environment variable is invalid, or the model cannot be loaded.
    """
    if argv:
        raise CommandError(f"serve takes no flags, but got {' '.join(argv)}")
    host = os.environ.get("SAGEMAKER_BIND_TO_HOST") or "0.0.0.0"
    port = _port(os.environ.get("SAGEMAKER_BIND_TO_PORT") or "8080")
    Limits.from_environment()  # raises an error before any worker is started
    count, threads = plan_workers(len(os.sched_getaffinity(0)), os.environ)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with _bind(host, port) as listening:
        _log.info("Serving on %s:%d with %d workers of %d threads", host, port, count, threads)
        Workers(listening, count, threads).run(stop)


def _bind(host: str, port: int) -> socket.socket:
    # The socket does not listen yet: a worker starts to listen once it has loaded the model.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise CommandError(f"cannot listen on {host}:{port}: {error.strerror}") from None
    return listening


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise CommandError(f"SAGEMAKER_BIND_TO_PORT is {text!r}: it must be from 1 to 65535")
    return int(text)
