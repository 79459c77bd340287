"""Descriptions of service model violations for the preflight report."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from include.service_model.violations import Step, Violation, find_violations

SHOWN = 60


@dataclass(frozen=True)
class Problem:
    """A violation: the path of the value, such as `Tags[2].Value`, what is wrong, and the fix."""

    path: str
    problem: str
    fix: str


def find_problems(shape: Any, request: Any) -> Iterator[Problem]:
    """Yield what the service would refuse of a request whose input has this shape."""
    for violation in find_violations(shape, request):
        problem, fix = _describe(violation)
        yield Problem(_text(violation.path), problem, fix)


def _describe(violation: Violation) -> tuple[str, str]:
    value, shape = violation.value, violation.shape
    match violation.constraint:
        case "required":
            return "is required and missing", "set it in the YAML"
        case "unknown":
            return "is not known to this botocore", "update boto3, or leave it out"
        case "type":
            return f"{_shown(value)} is not a {shape.type_name}", f"use a {shape.type_name}"
        case "max":
            return f"{_size(shape, value)}, at most {shape.metadata['max']} allowed", "make it less"
        case "min":
            return f"{_size(shape, value)}, at least {shape.metadata['min']} needed", "make it more"
        case "enum":
            return _describe_enum(shape, value)
        case "pattern":
            problem = f"{_shown(value)} does not match {shape.metadata['pattern']}"
            return problem, "use only what that allows"


def _describe_enum(shape: Any, value: str) -> tuple[str, str]:
    near = difflib.get_close_matches(value, shape.enum, n=3)
    instead = f"use one that is, such as {', '.join(near)}" if near else "use one that is"
    problem = f"{_shown(value)} is not among the {len(shape.enum)} allowed values"
    return problem, f"{instead}, or update boto3 if AWS has it since"


def _size(shape: Any, value: Any) -> str:
    if shape.type_name == "string":
        return f"{len(value)} characters"
    return f"{len(value)} entries" if shape.type_name in ("list", "map") else str(value)


def _shown(value: Any) -> str:
    if not isinstance(value, str):
        return f"{value!r:.{SHOWN}}"
    return repr(value if len(value) <= SHOWN else f"{value[:SHOWN]}...")


def _text(path: tuple[Step, ...]) -> str:
    steps = (f"[{step.name}]" if step.kind == "item" else f".{step.name}" for step in path)
    return "".join(steps).removeprefix(".")
