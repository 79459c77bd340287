"""Log lines as the built-in algorithm writes them: SageMaker reads metrics from them."""

import logging
import sys

from include.contracts.metrics import INT8_LOG_NAME, TRAIN_PREFIX, VALIDATION_PREFIX

_log = logging.getLogger(__name__)


def use_training_format() -> None:
    """Send the log to stdout with the prefix `[MM/DD/YYYY HH:MM:SS INFO thread] `."""
    logging.basicConfig(
        stream=sys.stdout,
        level=logging.INFO,
        format="[%(asctime)s %(levelname)s %(thread)d] %(message)s",
        datefmt="%m/%d/%Y %H:%M:%S",
        force=True,
    )


def be_quiet() -> None:
    """Leave it to another host to tell the metrics of all."""
    _log.setLevel(logging.WARNING)


def log_progress(epoch: int, batch: int, speed: float) -> None:
    """Tell, within an epoch, that the training moves."""
    _log.info("Epoch[%d] Batch [%d]\tSpeed: %.2f samples/sec", epoch, batch, speed)


def log_training(
    epoch: int, metrics: dict[str, float], seconds: float, speed: float, rate: float
) -> None:
    """Tell an epoch's metrics (by MXNet's names), seconds, images per second and learning rate."""
    for name, value in metrics.items():
        _log.info("Epoch[%d] %s%s=%f", epoch, TRAIN_PREFIX, name, value)
    _log.info("Epoch[%d] Time cost=%.3f", epoch, seconds)
    _log.info("Epoch[%d] Images per second=%.1f", epoch, speed)
    _log.info("Epoch[%d] Learning rate=%.6g", epoch, rate)


def log_validation(epoch: int, metrics: dict[str, float]) -> None:
    """Tell an epoch's metrics on the validation channel."""
    for name, value in metrics.items():
        _log.info("Epoch[%d] %s%s=%f", epoch, VALIDATION_PREFIX, name, value)


def log_int8(accepted: bool) -> None:
    """Log whether the model has an int8 form that may serve, as the metric int8:accepted."""
    _log.info("%s=%d", INT8_LOG_NAME, accepted)


def log_best(accuracy: float, path: object) -> None:
    """Tell that the model of this epoch is the best so far, and where it is."""
    _log.info("Storing the best model with validation accuracy: %f", accuracy)
    _log.info('Saved checkpoint to "%s"', path)
