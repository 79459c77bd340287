"""Errors of a pipeline's YAML: one line per mistake, with file, field and what is allowed."""

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
    """A pipeline's file is invalid; the text has one line per mistake.

    Every line starts with the file's path and names the field and what is allowed there. Web
    addresses are shown without the parts that may hold a token.
    """

    def __init__(self, text: str) -> None:
        super().__init__(redact_urls(text))


def describe(error: ValidationError, form: type[BaseModel], file: Path, section: str) -> str:
    """Return pydantic's error as lines that start with the file and name the field.

    Args:
        error: The error of validating the file's content.
        form: The model of the content, for the names of allowed fields.
        file: The YAML file.
        section: The overrides that were merged in ("local", "deployments.x"), or "".
    """
    where = f"{file} (with {section})" if section else str(file)
    return "\n".join(_line(where, form, details) for details in error.errors())


def name_file(error: Exception, file: Path) -> str:
    """Return an error's lines, each prefixed with the file's path."""
    return "\n".join(f"{file}: {line}" for line in str(error).splitlines())


def quote_hint(value: Any) -> str:
    """Return a hint for text that YAML reads as another type, to append to a message."""
    for kinds, name in (
        (bool, "true or false (also yes, no, on, off)"),
        (int | float, "a number"),
        (datetime.date, "a date"),
    ):
        if isinstance(value, kinds):
            return f"; YAML reads this as {name}: write text in quotes"
    return ""


def _line(where: str, form: type[BaseModel], details: Any) -> str:
    # A part that begins with ~ is a tag of a union (pydantic.Tag), not a field.
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
    """Return a value without the parts of a web address that may hold a token or a password."""
    return redact_url(value) if isinstance(value, str) and "://" in value else value


def _fields(form: type[BaseModel], location: Sequence[int | str]) -> list[str]:
    """Return the names of the fields at a location in the form."""
    model = form
    for part in location:
        if isinstance(part, int):  # an index in a list of models
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
