"""Renamed keys and values of a pipeline's YAML: the old names still load, with a warning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

RENAMED_KEYS: Mapping[str, Mapping[str, str]] = {
    section: {"machine": "instance"}
    for section in ("dataset", "conversion", "training", "evaluation", "batch")
}
"""By section: the old name of a key and its new name."""

RENAMED_VALUES: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "training": {"algorithm": {"own": "custom"}},
}
"""By section and key: the old value and its new value."""


class RenamedTwice(ValueError):
    """A section has a key under its old and its new name; the text names both."""


def replace_deprecated(
    content: Mapping[str, Any], title: str = ""
) -> tuple[dict[str, Any], list[str]]:
    """Return a pipeline's content under the present names, and one message per old name.

    Args:
        content: The pipeline's sections, or a deployment's overrides of them.
        title: The overrides' place in the file ("local", "deployments.x"), or "".

    Raises:
        RenamedTwice: A section has a key under its old and its new name.
    """
    replaced, messages = dict(content), []
    for name, section in content.items():
        if isinstance(section, dict):
            path = f"{title}.{name}" if title else name
            keys, key_messages = _replace_keys(section, RENAMED_KEYS.get(name, {}), path)
            replaced[name], value_messages = _replace_values(
                keys, RENAMED_VALUES.get(name, {}), path
            )
            messages += [*key_messages, *value_messages]
    return replaced, messages


def _replace_keys(
    section: Mapping[str, Any], renamed: Mapping[str, str], path: str
) -> tuple[dict[str, Any], list[str]]:
    found = [key for key in section if key in renamed]
    for key in found:
        if renamed[key] in section:
            raise RenamedTwice(
                f"{path}.{key}: is the old name of {path}.{renamed[key]}, which is set, too: "
                f"remove {key}"
            )
    messages = [f"{path}.{key}: is deprecated: rename it to {renamed[key]}" for key in found]
    return {renamed.get(key, key): value for key, value in section.items()}, messages


def _replace_values(
    section: Mapping[str, Any], renamed: Mapping[str, Mapping[str, str]], path: str
) -> tuple[dict[str, Any], list[str]]:
    replaced, messages = dict(section), []
    for key, values in renamed.items():
        old = section.get(key)
        if isinstance(old, str) and old in values:
            replaced[key] = values[old]
            messages.append(f"{path}.{key}: {old} is deprecated: write {key}: {values[old]}")
    return replaced, messages
