"""The base of every part of a pipeline's form."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """A part of the form: unknown fields are errors, values never change after loading.

    A value must have its field's type: `true` is not the number 1, "30" in quotes is no number.
    """

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, str_strip_whitespace=True, allow_inf_nan=False
    )


def no_boolean(value: Any) -> Any:
    """Refuse true and false, for a choice of numbers: to Python, True is equal to 1.

    Raises:
        ValueError: The value is a boolean, or a number with a fraction part such as 1.0.
    """
    if isinstance(value, bool | float):
        raise ValueError("must be a whole number")
    return value
