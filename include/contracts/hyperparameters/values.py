"""Types of hyperparameters, and their texts in a job's request."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from include.contracts.patterns import like


def reject_boolean(value: Any) -> Any:
    """Reject true and false for a choice of numbers: in Python, True is equal to 1.

    Raises:
        ValueError: The value is a boolean, or a number with a fractional part such as 1.0.
    """
    if isinstance(value, bool | float):
        raise ValueError("must be a whole number")
    return value


def parse_numbers(value: Any) -> Any:
    """Return the numbers of a text such as "10,20"; what is no text is returned unchanged.

    Raises:
        ValueError: The text has other parts than whole numbers of at least 1.
    """
    if not isinstance(value, str):
        return value
    parts = [part.strip() for part in value.split(",")]
    if not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise ValueError("must be whole numbers of at least 1, separated by commas")
    return tuple(map(int, parts))


def parse_shape(value: Any) -> Any:
    """Return (channels, height, width) of a text such as "3,224,224".

    Raises:
        ValueError: The value is neither such a text nor three numbers.
    """
    numbers = parse_numbers(value)
    if not isinstance(numbers, tuple) or len(numbers) != 3:
        raise ValueError("must be C,H,W")
    return numbers


def as_text(value: Any) -> str:
    """Return a hyperparameter's value as SageMaker takes it: the inverse of the parsers."""
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[int, Field(gt=0)]
Switch = Annotated[Literal[0, 1], BeforeValidator(reject_boolean)]
NumLayers = Literal[18, 20, 32, 34, 44, 50, 56, 101, 110, 152, 200]
Depth = Annotated[NumLayers, BeforeValidator(reject_boolean)]
Shape = Annotated[tuple[int, int, int], BeforeValidator(parse_shape)]
Epochs = Annotated[tuple[Positive, ...], BeforeValidator(parse_numbers)]
Sha256 = Annotated[str, like(r"[0-9a-fA-F]{64}", "64 hexadecimal digits, as sha256sum prints them")]
