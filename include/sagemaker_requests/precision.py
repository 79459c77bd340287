"""Precision in which a server of the custom image answers, as requests carry it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

Precision = Literal["int8", "float32"]

INT8_ACCEPTED = "int8:accepted"
"""A training job's metric: 1 where the model has an int8 form that may serve, else 0."""

VARIABLE = "SERVING_PRECISION"
"""The environment variable that sets a server's precision."""

FACT = "serving_precision"
"""The precision's name in a model package's metadata."""


def environment(precision: Precision | None) -> dict[str, dict[str, str]]:
    """Return the part of a container's definition that sets the precision; empty for None."""
    return {"Environment": {VARIABLE: precision}} if precision else {}


def precision_of(container: Mapping[str, Any]) -> str | None:
    """Return the precision that a container's definition sets, or None."""
    value: str | None = container.get("Environment", {}).get(VARIABLE)
    return value
