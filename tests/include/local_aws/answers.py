"""Answers held against botocore's service model, as every client of the tests receives them.

botocore reads an answer leniently: what is missing or misspelt is left out in silence. Here it
fails the test that asked.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from botocore.validate import ParamValidator

_OWN_LOGS = ("DescribeLogStreams", "GetLogEvents", "FilterLogEvents")  # the others are moto's


def check_answers(client: Any) -> None:
    """Let the client raise AssertionError for an answer that breaks the service model."""
    operations = {"sagemaker": [""], "logs": [f".{name}" for name in _OWN_LOGS]}
    service = client.meta.service_model.service_name
    for operation in operations.get(service, []):
        client.meta.events.register(f"after-call.{service}{operation}", _checked)


def _checked(http_response: Any, model: Any, **_: Any) -> None:
    if http_response.status_code != 200:
        return
    answer = json.loads(http_response.content or b"{}")
    found = faults(model.output_shape, answer) if model.output_shape else []
    assert not found, f"{model.name} answered {answer}: {found}"


def faults(shape: Any, answer: Any) -> list[str]:
    """What of an answer breaks its shape: members, types, enums, patterns and lengths."""
    report = ParamValidator().validate(answer, shape)
    if report.has_errors():
        return [str(report.generate_report())]
    return list(_unmet(shape, answer, shape.name))


def _unmet(shape: Any, value: Any, path: str) -> Iterator[str]:
    if shape.type_name == "string":
        yield from _unmet_by_text(shape, value, path)
    if shape.type_name in ("string", "list") and len(value) > shape.metadata.get("max", len(value)):
        yield f"{path}: longer than {shape.metadata['max']}"
    for member, name, inside in _members(shape, value):
        yield from _unmet(member, inside, f"{path}.{name}")


def _unmet_by_text(shape: Any, value: str, path: str) -> Iterator[str]:
    if shape.enum and value not in shape.enum:
        yield f"{path}: {value!r} is none of {shape.enum}"
    pattern = shape.metadata.get("pattern", "")
    if r"\p" not in pattern and not re.fullmatch(pattern or "(?s:.*)", value):
        yield f"{path}: {value!r} does not match {pattern}"


def _members(shape: Any, value: Any) -> list[tuple[Any, str, Any]]:
    if shape.type_name == "structure":
        return [(shape.members[name], name, inside) for name, inside in value.items()]
    if shape.type_name == "list":
        return [(shape.member, str(place), inside) for place, inside in enumerate(value)]
    if shape.type_name == "map":
        return [(shape.value, key, inside) for key, inside in value.items()]
    return []
