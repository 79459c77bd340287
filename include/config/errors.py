"""What is wrong with a pipeline's YAML, in one line a mistake: file, field, and what is allowed."""

from __future__ import annotations

import datetime
import types
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from include.common.addresses import redact_url, redact_urls
from include.common.errors import PermanentError


class PipelineError(PermanentError):
    """A pipeline's file cannot be used; the text has one line for each mistake.

    Every line starts with the file's path and names the field and what is allowed there. Web
    addresses are shown without what may be a token.
    """

    def __init__(self, text: str) -> None:
        super().__init__(redact_urls(text))


def describe(error: ValidationError, form: type[BaseModel], file: Path, section: str) -> str:
    """Turn pydantic's error into lines that start with the file and name the field.

    Args:
        error: What validating the file's content against `form` raised.
        form: The model that was validated, which knows the allowed fields.
        file: The YAML file.
        section: The overrides that were in force ("local", "deployments.x"), or "".
    """
    where = f"{file} (with {section})" if section else str(file)
    return "\n".join(_line(where, form, details) for details in error.errors())


def name_file(error: Exception, file: Path) -> str:
    """Return an error's lines, each with the file's path before it."""
    return "\n".join(f"{file}: {line}" for line in str(error).splitlines())


def quote_hint(value: Any) -> str:
    """Return how to write a text that YAML reads as something else, to append to a message."""
    for kinds, name in (
        (bool, "true or false (also yes, no, on, off)"),
        (int | float, "a number"),
        (datetime.date, "a date"),
    ):
        if isinstance(value, kinds):
            return f"; YAML reads this as {name}: write text in quotes"
    return ""


def _line(where: str, form: type[BaseModel], details: Any) -> str:
    # A part that begins with ~ is the name of a choice (pydantic.Tag), not of a field.
    location = tuple(part for part in details["loc"] if not str(part).startswith("~"))
    field = ".".join(str(part) for part in location) or "the file"
    if details["type"] == "extra_forbidden":
        allowed = ", ".join(_fields(form, location[:-1]))
        return f"{where}: {field}: no such field; allowed here: {allowed}"
    if details["type"] == "missing":
        return f"{where}: {field}: is required"
    message = details["msg"].removeprefix("Value error, ")
    if isinstance(details["input"], dict | BaseModel):
        return f"{where}: {field}: {message}"
    hint = quote_hint(details["input"]) if details["type"] == "string_type" else ""
    return f"{where}: {field}: {_shown(details['input'])!r} is not allowed: {message}{hint}"


def _shown(value: Any) -> Any:
    """Return a value without what may be a token or a password in a web address."""
    return redact_url(value) if isinstance(value, str) and "://" in value else value


def _fields(form: type[BaseModel], location: Sequence[int | str]) -> list[str]:
    """Return the names of the fields at a place inside the form."""
    model = form
    for part in location:
        if isinstance(part, int):  # of a list, whose entries have the model
            continue
        field = model.model_fields.get(str(part))
        inner = _model(field.annotation) if field is not None else None
        if inner is None:
            return []
        model = inner
    return list(model.model_fields)


def _model(annotation: Any) -> type[BaseModel] | None:
    """Return the model in an annotation such as `Source`, `Source | None` or `list[Source]`."""
    choices = (
        get_args(annotation)
        if get_origin(annotation) in (Union, types.UnionType, list)
        else (annotation,)
    )
    for choice in choices:
        if isinstance(choice, type) and issubclass(choice, BaseModel):
            return choice
    return None
