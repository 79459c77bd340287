"""Base model and number types of a pipeline's YAML sections."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Fraction = Annotated[float, Field(ge=0, le=1)]
OpenFraction = Annotated[float, Field(gt=0, lt=1)]


class Strict(BaseModel):
    """A YAML section: unknown fields are errors, and values are immutable after loading.

    A value must have its field's type: `true` is not the number 1, and "30" in quotes is not the
    number 30.
    """

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, str_strip_whitespace=True, allow_inf_nan=False
    )
