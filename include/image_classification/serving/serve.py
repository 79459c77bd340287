"""The program `serve`: a trained model behind SageMaker's HTTP contract."""

import logging
import os
import time

import uvicorn

from include.image_classification.container import ProgramError, base_dir
from include.image_classification.serving.application import make_application
from include.image_classification.serving.model import Model

_log = logging.getLogger(__name__)
STOP_SECONDS = 5


def main(argv: list[str]) -> None:
    """Serve the model in base/model until SIGTERM.

    SAGEMAKER_BIND_TO_PORT (8080) and SAGEMAKER_BIND_TO_HOST (0.0.0.0) say where to listen;
    SAGEMAKER_BATCH=true asks for batch transform's form of answer.
    """
    if argv:
        raise ProgramError(f"serve takes no flags, but got {' '.join(argv)}")
    host = os.environ.get("SAGEMAKER_BIND_TO_HOST") or "0.0.0.0"
    port = _port(os.environ.get("SAGEMAKER_BIND_TO_PORT") or "8080")
    started = time.perf_counter()
    model = Model(base_dir() / "model")
    _log.info(
        "Model for %s images loaded in %.1f s, serving on %s:%d",
        "x".join(map(str, model.shape)),
        time.perf_counter() - started,
        host,
        port,
    )
    batch = os.environ.get("SAGEMAKER_BATCH", "").lower() == "true"
    uvicorn.run(
        make_application(model, batch=batch),
        host=host,
        port=port,
        access_log=False,
        log_config=None,
        lifespan="off",
        timeout_graceful_shutdown=STOP_SECONDS,
    )


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ProgramError(f"SAGEMAKER_BIND_TO_PORT is {text!r}: it must be a port, 1 to 65535")
    return int(text)
