"""AWS's messages for violations of the service model."""

from typing import Any

from include.service_model.violations import Step, Violation

_CONTAINER = {
    "item": "Member must satisfy constraint",
    "key": "Map keys must satisfy constraint",
    "value": "Map value must satisfy constraint",
}


def type_message(violation: Violation) -> str:
    """Return the message for a value of a wrong type."""
    path = _text(violation.path[:-1]) + ".member" if violation.container else _text(violation.path)
    where = f" at '{path}'" if path else ""
    found, wanted = type(violation.value).__name__, violation.shape.type_name
    return f"{found} value{where} can not be converted to {wanted}"


def constraint_message(violation: Violation) -> str:
    """Return the message for a value that breaks a constraint.

    For a value directly in a list or map, AWS shows the whole container and all the constraints
    of its values.
    """
    shape, container = violation.shape, violation.container
    if container is None:
        return _failure(violation.value, violation.path, _rule(shape, violation.constraint))
    rule = f"{_CONTAINER[container.part]}: {_in_brackets(_all_rules(shape))}"
    return _failure(container.value, violation.path[:-1], rule)


def _failure(value: Any, path: tuple[Step, ...], rule: str) -> str:
    shown = "null" if value is None else f"'{_as_java(value)}'"
    return f"Value {shown} at '{_text(path)}' failed to satisfy constraint: {rule}"


def _all_rules(shape: Any) -> list[str]:
    text = "enum" if getattr(shape, "enum", None) else "pattern"
    has_text = text == "enum" or text in shape.metadata
    bounds = [bound for bound in ("max", "min") if bound in shape.metadata]
    return [_rule(shape, constraint) for constraint in [*bounds, *([text] * has_text)]]


def _rule(shape: Any, constraint: str) -> str:
    limit = shape.metadata.get(constraint)
    measure = "length" if shape.type_name in ("string", "list", "map") else "value"
    rules = {
        "required": "Member must not be null",
        "max": f"Member must have {measure} less than or equal to {limit}",
        "min": f"Member must have {measure} greater than or equal to {limit}",
        "enum": f"Member must satisfy enum value set: {_in_brackets(getattr(shape, 'enum', []))}",
        "pattern": f"Member must satisfy regular expression pattern: {limit}",
    }
    return rules[constraint]


def _text(path: tuple[Step, ...]) -> str:
    """Return a path as AWS writes it, such as `productionVariants.1.member.modelName`."""
    return ".".join(_step_text(step) for step in path)


def _step_text(step: Step) -> str:
    if step.kind == "member":
        return f"{step.name[:1].lower()}{step.name[1:]}"
    return f"{step.name + 1 if step.kind == 'item' else step.name}.member"


def _in_brackets(words: list[str]) -> str:
    return f"[{', '.join(words)}]"


def _as_java(value: Any) -> str:
    """Return a value as Java's toString writes it, which AWS quotes."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}={_as_java(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return _in_brackets([_as_java(member) for member in value])
    return str(value).lower() if isinstance(value, bool) else str(value)
