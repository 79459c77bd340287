"""Log lines in the format of the built-in algorithm, from which SageMaker reads metrics."""

import logging
import sys

from include.contracts.metrics import (
    CALIBRATION_LOG_NAME,
    EPOCH_METRIC_LINE,
    INT8_LOG_NAME,
    TRAIN_PREFIX,
    VALIDATION_PREFIX,
)

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


def silence_metrics() -> None:
    """Log no metrics on this host: the first host logs the metrics of all hosts."""
    _log.setLevel(logging.WARNING)


def log_progress(epoch: int, batch: int, speed: float) -> None:
    """Log the progress within an epoch; `speed` is in images per second."""
    _log.info("Epoch[%d] Batch [%d]\tSpeed: %.2f samples/sec", epoch, batch, speed)


def log_training(
    epoch: int, metrics: dict[str, float], seconds: float, speed: float, rate: float
) -> None:
    """Log an epoch's metrics (by MXNet's names), seconds, images per second and learning rate."""
    for name, value in metrics.items():
        _log.info(EPOCH_METRIC_LINE, epoch, TRAIN_PREFIX, name, value)
    _log.info("Epoch[%d] Time cost=%.3f", epoch, seconds)
    _log.info("Epoch[%d] Images per second=%.1f", epoch, speed)
    _log.info("Epoch[%d] Learning rate=%.6g", epoch, rate)


def log_validation(epoch: int, metrics: dict[str, float]) -> None:
    """Log an epoch's metrics on the validation channel."""
    for name, value in metrics.items():
        _log.info(EPOCH_METRIC_LINE, epoch, VALIDATION_PREFIX, name, value)


def log_int8(accepted: bool) -> None:
    """Log whether the int8 model may be served, as the metric int8:accepted."""
    _log.info("%s=%d", INT8_LOG_NAME, accepted)


def log_calibration(text: object, temperature: float) -> None:
    """Log a calibration and its temperature, as the metric calibration:temperature."""
    _log.info("%s", text)
    _log.info("%s=%.6g", CALIBRATION_LOG_NAME, temperature)


def log_best(accuracy: float, path: object) -> None:
    """Log that the model of this epoch is the best so far, and its path."""
    _log.info("Storing the best model with validation accuracy: %f", accuracy)
    _log.info('Saved checkpoint to "%s"', path)
