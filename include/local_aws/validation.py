"""Requests checked against botocore's service model, and refused in AWS's words.

botocore's own ParamValidator stops at required members, types and minimum lengths; the service
also checks enums, patterns and maxima, which are in the shapes' metadata.
"""

from typing import Any

import botocore.session

from include.local_aws.errors import ApiError
from include.local_aws.patterns import compiled

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
    """SageMaker's operations as botocore describes them."""

    def __init__(self) -> None:
        self._model = botocore.session.Session().get_service_model("sagemaker")

    def knows(self, operation: str) -> bool:
        """Whether SageMaker has this operation, whether or not this server does."""
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
    kind = shape.type_name
    if not isinstance(value, _TYPES[kind]) or (kind != "boolean" and isinstance(value, bool)):
        where = f" at '{path}'" if path else ""
        raise ApiError(
            f"{type(value).__name__} value{where} can not be converted to {kind}",
            code="SerializationException",
        )
    faults.extend(_unmet(shape, value, path))
    if kind == "structure":
        return _check_structure(shape, value, path, faults)
    if kind == "list":
        inside = [f"{path}.{i}.member" for i in range(1, len(value) + 1)]
        return [_check(shape.member, v, p, faults) for v, p in zip(value, inside, strict=True)]
    if kind == "map":
        return _check_map(shape, value, path, faults)
    return value


def _check_structure(shape: Any, value: dict[str, Any], path: str, faults: list[str]) -> Any:
    for name in shape.required_members:
        if value.get(name) is None:
            where = _join(path, name)
            faults.append(_fault("null", where, "Member must not be null", quoted=False))
    return {
        name: _check(member, value[name], _join(path, name), faults)
        for name, member in shape.members.items()
        if value.get(name) is not None
    }


def _check_map(shape: Any, value: dict[str, Any], path: str, faults: list[str]) -> Any:
    for key in value:
        faults.extend(_unmet(shape.key, key, f"{path}.key"))
    return {key: _check(shape.value, v, f"{path}.{key}.member", faults) for key, v in value.items()}


def _unmet(shape: Any, value: Any, path: str) -> list[str]:
    if shape.type_name == "string":
        return _unmet_by_text(shape, value, path) + _out_of_range(shape, len(value), value, path)
    if shape.type_name in ("list", "map"):
        return _out_of_range(shape, len(value), value, path)
    if shape.type_name in ("integer", "long", "float", "double"):
        return _out_of_range(shape, value, value, path)
    return []


def _unmet_by_text(shape: Any, value: str, path: str) -> list[str]:
    if shape.enum and value not in shape.enum:
        allowed = ", ".join(shape.enum)
        return [_fault(value, path, f"Member must satisfy enum value set: [{allowed}]")]
    pattern = shape.metadata.get("pattern")
    expression = compiled(pattern) if pattern else None
    if expression and not expression.fullmatch(value):
        rule = f"Member must satisfy regular expression pattern: {pattern}"
        return [_fault(value, path, rule)]
    return []


def _out_of_range(shape: Any, size: float, value: Any, path: str) -> list[str]:
    numeric = shape.type_name not in ("string", "list", "map")
    measure = "value" if numeric else "length"
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < low:
        return [_fault(value, path, f"Member must have {measure} greater than or equal to {low}")]
    if high is not None and size > high:
        return [_fault(value, path, f"Member must have {measure} less than or equal to {high}")]
    return []


def _fault(value: Any, path: str, rule: str, *, quoted: bool = True) -> str:
    shown = f"'{value}'" if quoted else str(value)
    return f"Value {shown} at '{path}' failed to satisfy constraint: {rule}"


def _join(path: str, name: str) -> str:
    name = name[:1].lower() + name[1:]
    return f"{path}.{name}" if path else name
