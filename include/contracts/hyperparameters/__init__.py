"""Hyperparameters of a training job: names, ranges and defaults.

Names, ranges and defaults are those of SageMaker's built-in image classification; those of
CUSTOM_ONLY are known to the custom image only. A pipeline's YAML overrides the defaults
(`include.config.hyperparameters`), and the container parses them from a job's text
(`include.image_classification.training.hyperparameters`): both classes derive from this one.
"""

from include.contracts.hyperparameters.fine_tuning import (
    CUSTOM_ONLY,
    FINE_TUNING,
    SharedHyperparameters,
    default_text,
)
from include.contracts.hyperparameters.values import (
    Depth,
    NumLayers,
    Positive,
    Shape,
    Switch,
    as_text,
    parse_numbers,
    parse_shape,
    reject_boolean,
)

__all__ = [
    "CUSTOM_ONLY",
    "FINE_TUNING",
    "Depth",
    "NumLayers",
    "Positive",
    "Shape",
    "SharedHyperparameters",
    "Switch",
    "as_text",
    "default_text",
    "parse_numbers",
    "parse_shape",
    "reject_boolean",
]
