"""Violations of a service model: one walk over a request and the shape of its input.

botocore checks required members, types and minimum lengths before it sends a request. The service
also checks enums, patterns and maxima, which the shapes' metadata holds. Shapes come from the
caller's model, so that nothing here imports botocore.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, NamedTuple

from include.service_model.patterns import compile_pattern

_SURROGATE = re.compile("[\ud800-\udfff]")
_SIZED = ("string", "list", "map")
_NUMBERS = ("integer", "long", "float", "double")
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
    "timestamp": (int, float, datetime),
    "structure": (dict,),
    "map": (dict,),
    "list": (list, tuple),
    "blob": (str, bytes),
}


class Step(NamedTuple):
    """One step of a path: a member of a structure, an item of a list or a key of a map."""

    kind: Literal["member", "item", "key"]
    name: Any


class Container(NamedTuple):
    """A list or map of plain values, and the part of it that breaks a constraint."""

    part: Literal["item", "key", "value"]
    value: Any


@dataclass(frozen=True)
class Violation:
    """One constraint of the service model that a request breaks.

    Attributes:
        path: The steps from the request to the value. Items of a list count from 0.
        constraint: The constraint. A `required` member is missing, an `unknown` member is not in
            the model.
        value: The value, or None for a missing member.
        shape: The shape of the value in the model, or None for an unknown member.
        container: The list or map that holds the value directly, if its values are plain.
    """

    path: tuple[Step, ...]
    constraint: Literal["type", "required", "unknown", "min", "max", "enum", "pattern"]
    value: Any
    shape: Any
    container: Container | None = None


def find_violations(shape: Any, value: Any, path: tuple[Step, ...] = ()) -> Iterator[Violation]:
    """Yield the constraints that a value breaks; a value of a wrong type is not looked into.

    Args:
        shape: The shape of the value in the service's model.
        value: The request, or a part of it. Members that are None count as missing.
        path: The steps to the part.
    """
    if not _has_type(shape, value):
        yield Violation(path, "type", value, shape)
        return
    yield from _broken_bounds(shape, value, path)
    if shape.type_name == "string":
        yield from _broken_by_text(shape, value, path)
    elif shape.type_name == "structure":
        yield from _in_structure(shape, value, path)
    elif shape.type_name == "list":
        items = ((Step("item", index), item) for index, item in enumerate(value))
        yield from _in_container(shape.member, items, path, Container("item", value))
    elif shape.type_name == "map":
        keys = ((Step("key", key), key) for key in value)
        yield from _in_container(shape.key, keys, path, Container("key", value))
        values = ((Step("key", key), inner) for key, inner in value.items())
        yield from _in_container(shape.value, values, path, Container("value", value))


def _has_type(shape: Any, value: Any) -> bool:
    kind = shape.type_name
    if isinstance(value, bool) and kind != "boolean":
        return False
    return isinstance(value, _TYPES[kind]) and _is_transferable(value)


def _is_transferable(value: Any) -> bool:
    """Check that JSON has this number and UTF-8 this text: Python's json module reads more."""
    if isinstance(value, float):
        return math.isfinite(value)
    return not isinstance(value, str) or not _SURROGATE.search(value)


def _broken_bounds(shape: Any, value: Any, path: tuple[Step, ...]) -> Iterator[Violation]:
    if shape.type_name not in _SIZED + _NUMBERS:
        return
    size = len(value) if shape.type_name in _SIZED else value
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if high is not None and size > high:
        yield Violation(path, "max", value, shape)
    if low is not None and size < low:
        yield Violation(path, "min", value, shape)


def _broken_by_text(shape: Any, value: str, path: tuple[Step, ...]) -> Iterator[Violation]:
    if shape.enum and value not in shape.enum:
        yield Violation(path, "enum", value, shape)
        return
    pattern = shape.metadata.get("pattern")
    expression = compile_pattern(pattern) if pattern else None
    if expression and not expression.fullmatch(value):
        yield Violation(path, "pattern", value, shape)


def _in_structure(shape: Any, value: dict[str, Any], path: tuple[Step, ...]) -> Iterator[Violation]:
    for name in shape.required_members:
        if value.get(name) is None:
            yield Violation((*path, Step("member", name)), "required", None, shape.members[name])
    for name in value:
        if name not in shape.members:
            yield Violation((*path, Step("member", name)), "unknown", value[name], None)
    for name, member in shape.members.items():
        if value.get(name) is not None:
            yield from find_violations(member, value[name], (*path, Step("member", name)))


def _in_container(
    shape: Any, inside: Iterable[tuple[Step, Any]], path: tuple[Step, ...], container: Container
) -> Iterator[Violation]:
    is_plain = shape.type_name not in ("structure", "list", "map")
    for step, value in inside:
        for violation in find_violations(shape, value, (*path, step)):
            yield replace(violation, container=container) if is_plain else violation
