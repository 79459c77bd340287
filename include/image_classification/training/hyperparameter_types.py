"""How the texts that a training job is given become numbers, lists and switches."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field


def _number(value: object) -> object:
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def _numbers(value: object) -> object:
    if not isinstance(value, str):
        return value
    parts = [part.strip() for part in value.split(",")]
    if not all(part.isdecimal() for part in parts):
        raise ValueError("must be whole numbers separated by commas")
    return tuple(map(int, parts))


def _shape(value: object) -> object:
    numbers = _numbers(value)
    if not isinstance(numbers, tuple) or len(numbers) != 3:
        raise ValueError("must be C,H,W")
    return numbers


Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[int, Field(gt=0)]
Switch = Annotated[Literal[0, 1], BeforeValidator(_number)]
Depth = Annotated[Literal[18, 20, 32, 34, 44, 50, 56, 101, 110, 152, 200], BeforeValidator(_number)]
Shape = Annotated[tuple[int, int, int], BeforeValidator(_shape)]
Epochs = Annotated[tuple[Positive, ...], BeforeValidator(_numbers)]

PRETRAINED_DEPTHS = (18, 34, 50, 101, 152, 200)
"""Those of the networks for photos; the ones for thumbnails were never published."""
