"""Metrics of a training job: SageMaker reads them from lines `<name>=<value>` of the log."""

from __future__ import annotations

import re
from collections.abc import Mapping

TRAIN_PREFIX, VALIDATION_PREFIX = "Train-", "Validation-"
"""Before MXNet's name of a metric, as the built-in algorithm logs them."""

EPOCH_METRIC_LINE = "Epoch[%d] %s%s=%f"
"""The log line of an epoch's metric: 0-based epoch, prefix, MXNet's name of the metric, value."""

EPOCH_ACCURACY = re.compile(
    rf"Epoch\[(?P<epoch>\d+)\] (?P<prefix>{TRAIN_PREFIX}|{VALIDATION_PREFIX})accuracy="
    r"(?P<value>[0-9.eE+-]+|nan)"
)
"""Matches the `EPOCH_METRIC_LINE` of an accuracy."""

INT8_LOG_NAME = "Int8-accepted"

CALIBRATION_LOG_NAME = "Calibration-temperature"

INT8_ACCEPTED = "int8:accepted"
"""The metric that is 1 if the model has an int8 form that may serve, else 0."""

TEMPERATURE = "calibration:temperature"
"""The metric with the temperature in the model's last layer; absent without calibration."""

METRICS: Mapping[str, str] = {
    "train:accuracy": rf"{TRAIN_PREFIX}accuracy=([0-9.]+)",
    "validation:accuracy": rf"{VALIDATION_PREFIX}accuracy=([0-9.]+)",
    INT8_ACCEPTED: rf"{INT8_LOG_NAME}=([01])",
    TEMPERATURE: rf"{CALIBRATION_LOG_NAME}=([0-9.e+-]+)",
}
"""Regular expressions of the metrics that SageMaker reads from the custom image's log, by name."""
