"""Environment variables of containers of the custom image, set by the DAG side or the image."""

from __future__ import annotations

from typing import Literal

SERVING_PRECISION = "SERVING_PRECISION"
"""The precision in which a server answers; float32 if it is not set."""

FLIP_AVERAGE = "FLIP_AVERAGE"
"""true: in batch transform, a server averages the probabilities of an image and its mirror image.

Real-time inference ignores it, since it doubles the time of each prediction.
"""

FETCH_ALLOWED_HOSTS = "FETCH_ALLOWED_HOSTS"
"""Private hosts and networks from which a training may fetch weights, separated by commas."""

PRETRAINED_WEIGHTS_FOLDER = "PRETRAINED_WEIGHTS_FOLDER"
"""The folder of published weights: a training looks there first, and keeps its downloads there."""

Precision = Literal["int8", "float32"]
PRECISIONS: tuple[Precision, ...] = ("int8", "float32")
