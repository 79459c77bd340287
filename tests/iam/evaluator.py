"""Evaluation of IAM policies with allow statements, as the project's policies have them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Policy = Mapping[str, Any]


@dataclass(frozen=True)
class Right:
    """A permission that a call needs: action, resource, and IAM's context keys of the request."""

    action: str
    resource: str
    context: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        keys = ", ".join(f"{key}={value}" for key, value in self.context)
        return f"{self.action} on {self.resource}" + (f" ({keys})" if keys else "")


@dataclass(frozen=True)
class Grant:
    """An action on a resource that a policy allows."""

    sid: str
    action: str
    resource: str
    condition: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        return f"{self.sid}: {self.action} on {self.resource}"

    def allows(self, right: Right) -> bool:
        """Return whether the grant allows a needed permission."""
        return (
            _matches(self.action, right.action)
            and _matches(self.resource, right.resource)
            and all(
                _holds(operator, key, _listed(allowed), dict(right.context))
                for operator, keys in self.condition.items()
                for key, allowed in keys.items()
            )
        )


def grants(policy: Policy) -> Iterator[Grant]:
    """Yield each action on each resource of a policy, which must have allow statements only."""
    for statement in policy["Statement"]:
        assert statement["Effect"] == "Allow"
        assert not {"NotAction", "NotResource"} & statement.keys()
        for action in _listed(statement["Action"]):
            for resource in _listed(statement["Resource"]):
                condition = statement.get("Condition", {})
                yield Grant(statement["Sid"], action, resource, condition)


def _holds(operator: str, key: str, allowed: list[str], context: Mapping[str, str]) -> bool:
    value = context.get(key)
    if value is None:  # In IAM, a key that is missing in the request fulfils no condition.
        return False
    if operator == "StringEquals":
        return value in allowed
    assert operator == "StringLike", operator
    return any(_matches(pattern, value) for pattern in allowed)


def _matches(pattern: str, text: str) -> bool:
    """Return whether a text matches a pattern with * (any text) and ? (any character)."""
    parts = {"*": ".*", "?": "."}
    regex = "".join(parts.get(character, re.escape(character)) for character in pattern)
    return re.fullmatch(regex, text, re.DOTALL) is not None


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
