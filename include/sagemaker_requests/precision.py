"""The serving precision in container definitions and model packages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from include.contracts.environment import SERVING_PRECISION, Precision

FACT = "serving_precision"
"""The precision's name in a model package's metadata."""


def environment(precision: Precision | None) -> dict[str, dict[str, str]]:
    """Return the part of a container's definition that sets the precision; empty for None."""
    return {"Environment": {SERVING_PRECISION: precision}} if precision else {}


def precision_of(container: Mapping[str, Any]) -> str | None:
    """Return the precision that a container's definition sets, or None."""
    value: str | None = container.get("Environment", {}).get(SERVING_PRECISION)
    return value
