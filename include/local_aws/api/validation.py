"""Requests checked against botocore's service model, and refused in AWS's words.

botocore's own ParamValidator stops at required members, types and minimum lengths; the service
also checks enums, patterns and maxima, which are in the shapes' metadata.
"""

import math
import re
from typing import Any

import botocore.session

from include.local_aws.errors import ApiError
from include.service_model.constraints import broken, fault, in_brackets, rules

_SURROGATE = re.compile("[\ud800-\udfff]")
_TYPES: dict[str, Any] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
    "timestamp": (int, float),
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "blob": (str,),
}


class ServiceModel:
    """A service's operations as botocore describes them, SageMaker's unless another is named."""

    def __init__(self, service: str = "sagemaker") -> None:
        self._model = botocore.session.Session().get_service_model(service)

    def knows(self, operation: str) -> bool:
        """Whether the service has this operation, whether or not this server does."""
        return operation in self._model.operation_names

    def check(self, operation: str, request: Any) -> dict[str, Any]:
        """The request with only the members that the model knows.

        Raises:
            ApiError: ValidationException listing every constraint that fails, or
                SerializationException for a value of the wrong type.
        """
        shape = self._model.operation_model(operation).input_shape
        faults: list[str] = []
        cleaned = _check(shape, request, "", faults)
        if faults:
            noun = "error" if len(faults) == 1 else "errors"
            raise ApiError(f"{len(faults)} validation {noun} detected: " + "; ".join(faults))
        return dict(cleaned)

    def shown(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        """Of a body, the members that the operation's answer has."""
        shape = self._model.operation_model(operation).output_shape
        if shape is None:
            return {}
        return {key: value for key, value in body.items() if key in shape.members}


def _check(shape: Any, value: Any, path: str, faults: list[str]) -> Any:
    _check_type(shape, value, path)
    faults.extend(fault(value, path, rule) for rule in broken(shape, value))
    if shape.type_name == "structure":
        return _check_structure(shape, value, path, faults)
    if shape.type_name == "list":
        return _check_list(shape, value, path, faults)
    if shape.type_name == "map":
        return _check_map(shape, value, path, faults)
    return value


def _check_type(shape: Any, value: Any, path: str) -> None:
    kind = shape.type_name
    right = isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))
    if not right or not _is_transferable(value):
        where = f" at '{path}'" if path else ""
        raise ApiError(
            f"{type(value).__name__} value{where} can not be converted to {kind}",
            code="SerializationException",
        )


def _is_transferable(value: Any) -> bool:
    """Whether JSON has this number, and UTF-8 this text: Python's json reads more than that."""
    if isinstance(value, float):
        return math.isfinite(value)
    return not isinstance(value, str) or not _SURROGATE.search(value)


def _check_structure(shape: Any, value: dict[str, Any], path: str, faults: list[str]) -> Any:
    for name in shape.required_members:
        if value.get(name) is None:
            where = _join(path, name)
            faults.append(fault(None, where, "Member must not be null"))
    return {
        name: _check(member, value[name], _join(path, name), faults)
        for name, member in shape.members.items()
        if value.get(name) is not None
    }


def _check_list(shape: Any, value: list[Any], path: str, faults: list[str]) -> list[Any]:
    """A list of plain members is refused as a whole, others by the member's place."""
    if _is_plain(shape.member):
        if any(broken(shape.member, member) for member in _typed(shape.member, value, path)):
            wanted = in_brackets(rules(shape.member))
            faults.append(fault(value, path, f"Member must satisfy constraint: {wanted}"))
        return value
    inside = [f"{path}.{place}.member" for place in range(1, len(value) + 1)]
    return [_check(shape.member, v, p, faults) for v, p in zip(value, inside, strict=True)]


def _check_map(shape: Any, value: dict[str, Any], path: str, faults: list[str]) -> Any:
    """A map of plain members is refused as a whole, too."""
    if any(broken(shape.key, key) for key in _typed(shape.key, list(value), path)):
        wanted = in_brackets(rules(shape.key))
        faults.append(fault(value, path, f"Map keys must satisfy constraint: {wanted}"))
    if not _is_plain(shape.value):
        return {k: _check(shape.value, v, f"{path}.{k}.member", faults) for k, v in value.items()}
    if any(broken(shape.value, v) for v in _typed(shape.value, list(value.values()), path)):
        wanted = in_brackets(rules(shape.value))
        faults.append(fault(value, path, f"Map value must satisfy constraint: {wanted}"))
    return value


def _is_plain(shape: Any) -> bool:
    return shape.type_name not in ("structure", "list", "map")


def _typed(shape: Any, values: list[Any], path: str) -> list[Any]:
    for value in values:
        _check_type(shape, value, f"{path}.member")
    return values


def _join(path: str, name: str) -> str:
    name = name[:1].lower() + name[1:]
    return f"{path}.{name}" if path else name
