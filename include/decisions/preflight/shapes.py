r"""A request against a service's own model of it: what is required, enums, patterns and lengths.

botocore checks requirements and types before it sends a request, and leaves the rest to AWS. Shapes
are taken as they come from a client, so that botocore is not imported.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

CATEGORIES = {
    r"\p{L}": r"\w",
    r"\p{N}": r"\w",
    r"\p{Alnum}": "a-zA-Z0-9",
    r"\p{Z}": " \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000",
    r"\p{M}": "\u0300-\u036f",
    r"\p{S}": r"!-/:-@\[-`{-~\u00a1-\uffff",
    r"\p{P}": r"!-/:-@\[-`{-~\u00a1-\uffff",
}
"""The model's patterns are Java's: what its classes of characters are in Python's brackets."""

SHOWN = 60


@dataclass(frozen=True)
class Violation:
    """One rule that a request breaks: where, how, and what to do."""

    path: str
    problem: str
    fix: str


def violations(value: Any, shape: Any, path: str = "") -> Iterator[Violation]:
    """Yield what a service would refuse of a value.

    Args:
        value: The request, or a part of it.
        shape: Its shape in the service's model.
        path: Where the part is, in members' names with dots.
    """
    if shape.type_name == "structure":
        for name in shape.required_members:
            if value.get(name) is None:
                yield Violation(_join(path, name), "is required and missing", "set it in the YAML")
        for name, inner in value.items():
            yield from _member(shape, name, inner, path)
        return
    yield from _own(value, shape, path)
    if shape.type_name == "list":
        for place, inner in enumerate(value):
            yield from violations(inner, shape.member, f"{path}[{place}]")
    elif shape.type_name == "map":
        for key, inner in value.items():
            yield from violations(key, shape.key, _join(path, key))
            yield from violations(inner, shape.value, _join(path, key))


def _member(shape: Any, name: str, inner: Any, path: str) -> Iterator[Violation]:
    if name not in shape.members:
        yield Violation(
            _join(path, name), "is not known to this botocore", "update boto3, or leave it out"
        )
        return
    yield from violations(inner, shape.members[name], _join(path, name))


def _own(value: Any, shape: Any, path: str) -> Iterator[Violation]:
    """Yield the rules of a plain, list or map shape that its value breaks."""
    numeric = shape.type_name in ("integer", "long", "float", "double")
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if numeric or shape.type_name in ("string", "list", "map"):
        size = value if numeric else len(value)
        unit = "" if numeric else {"string": " characters"}.get(shape.type_name, " entries")
        if high is not None and size > high:
            yield Violation(path, f"{size}{unit}, at most {high} allowed", "make it less")
        if low is not None and size < low:
            yield Violation(path, f"{size}{unit}, at least {low} needed", "make it more")
    if shape.type_name == "string":
        yield from _text(value, shape, path)


def _text(value: str, shape: Any, path: str) -> Iterator[Violation]:
    shown = repr(value if len(value) <= SHOWN else f"{value[:SHOWN]}...")
    if shape.enum and value not in shape.enum:
        near = difflib.get_close_matches(value, shape.enum, n=3)
        instead = f"use one that is, such as {', '.join(near)}" if near else "use one that is"
        fix = f"{instead}, or update boto3 if AWS has it since"
        yield Violation(path, f"{shown} is not among the {len(shape.enum)} allowed values", fix)
    pattern = shape.metadata.get("pattern")
    expression = _compiled(pattern) if pattern else None
    if expression and not expression.fullmatch(value):
        yield Violation(path, f"{shown} does not match {pattern}", "use only what that allows")


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """Return a pattern of the model in Python's terms, or None where it has no such form."""
    for java, python in CATEGORIES.items():
        pattern = pattern.replace(java, python)
    # A stray `${1,256}` after the group repeats the shape's own limits.
    pattern = re.sub(r"\$\{\d+,\d+\}$", "", pattern)
    try:
        return re.compile(pattern, re.DOTALL)
    except re.error:
        return None


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
