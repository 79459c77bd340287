"""The rules of one shape of the service model, and how AWS words that a value breaks them."""

from typing import Any

from include.service_model.patterns import compiled


def broken(shape: Any, value: Any) -> list[str]:
    """The rules of a shape that a value of its type breaks."""
    if shape.type_name in ("structure", "boolean", "timestamp", "blob"):
        return []
    numeric = shape.type_name not in ("string", "list", "map")
    size = value if numeric else len(value)
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    too_small, too_large = low is not None and size < low, high is not None and size > high
    by_text = _broken_by_text(shape, value) if shape.type_name == "string" else []
    return _bounds(shape, low=too_small, high=too_large) + by_text


def _broken_by_text(shape: Any, value: str) -> list[str]:
    if shape.enum and value not in shape.enum:
        return _text_rules(shape)
    pattern = shape.metadata.get("pattern")
    expression = compiled(pattern) if pattern else None
    return _text_rules(shape) if expression and not expression.fullmatch(value) else []


def rules(shape: Any) -> list[str]:
    """All rules of a plain shape."""
    metadata = shape.metadata
    return _bounds(shape, low="min" in metadata, high="max" in metadata) + _text_rules(shape)


def _bounds(shape: Any, *, low: bool, high: bool) -> list[str]:
    measure = "length" if shape.type_name in ("string", "list", "map") else "value"
    text = f"Member must have {measure}"
    above = f"{text} less than or equal to {shape.metadata.get('max')}"
    below = f"{text} greater than or equal to {shape.metadata.get('min')}"
    return [above] * high + [below] * low


def _text_rules(shape: Any) -> list[str]:
    if getattr(shape, "enum", None):
        return [f"Member must satisfy enum value set: {in_brackets(shape.enum)}"]
    pattern = shape.metadata.get("pattern")
    return [f"Member must satisfy regular expression pattern: {pattern}"] if pattern else []


def in_brackets(words: list[str]) -> str:
    """A list as AWS's messages write it."""
    return f"[{', '.join(words)}]"


def fault(value: Any, path: str, rule: str) -> str:
    """One fault of a request: the value at this path breaks this rule."""
    shown = "null" if value is None else f"'{_as_java(value)}'"
    return f"Value {shown} at '{path}' failed to satisfy constraint: {rule}"


def _as_java(value: Any) -> str:
    """As Java's toString writes it, which AWS quotes."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}={_as_java(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return in_brackets([_as_java(member) for member in value])
    return str(value).lower() if isinstance(value, bool) else str(value)
