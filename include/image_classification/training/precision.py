"""Whether bfloat16 pays on this machine."""

import logging

from include.image_classification.training.hyperparameters import Hyperparameters

_log = logging.getLogger(__name__)


def apply(settings: Hyperparameters) -> None:
    """Switch this process to bfloat16 if it is asked for."""
