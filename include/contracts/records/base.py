"""Base of the records, and their validation with errors that name the field."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError


class Record(BaseModel):
    """A JSON record of a job.

    Fields that this version does not know are kept, so that records of newer versions can be read
    and copied. Fields that older versions did not write have a default.
    """

    model_config = ConfigDict(extra="allow", frozen=True, strict=True, allow_inf_nan=False)

    def as_json(self) -> dict[str, Any]:
        """Return the record for JSON: the fields that were set, and those of newer versions."""
        return self.model_dump(mode="json", exclude_unset=True)


R = TypeVar("R", bound=Record)


class RecordProblem(ValueError):
    """A record is invalid; the text names the field, its value and what is allowed."""


def parse_record(model: type[R], content: Mapping[str, Any]) -> R:
    """Return a record's content as its model.

    Raises:
        RecordProblem: A field is missing or invalid.
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise RecordProblem(_describe(error.errors()[0])) from None


def parse_json_record(model: type[R], text: bytes) -> R:
    """Return the record that a JSON text holds.

    Raises:
        ValueError: The text is not JSON.
        RecordProblem: It is no mapping, or a field is missing or invalid.
    """
    content = json.loads(text)
    if not isinstance(content, dict):
        raise RecordProblem("it must hold a JSON mapping")
    return parse_record(model, content)


def _describe(details: Any) -> str:
    field = "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" for part in details["loc"]
    ).removeprefix(".")
    if details["type"] == "missing":
        return f"{field} is missing"
    message = details["msg"].removeprefix("Value error, ")
    if details["type"] == "value_error":
        return f"{field}: {message}"
    return f"{field} is {details['input']!r}: {message}"
