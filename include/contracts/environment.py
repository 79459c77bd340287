"""Environment variables that the DAG side sets in containers of the custom image."""

from __future__ import annotations

from typing import Literal

SERVING_PRECISION = "SERVING_PRECISION"
"""The precision in which a server answers; float32 if it is not set."""

FETCH_ALLOWED_HOSTS = "FETCH_ALLOWED_HOSTS"
"""Private hosts and networks from which a training may fetch weights, separated by commas."""

Precision = Literal["int8", "float32"]
PRECISIONS: tuple[Precision, ...] = ("int8", "float32")
