"""Strict YAML: no duplicate keys, and no numbers that YAML 1.1 reads in a surprising way.

PyYAML silently keeps the last of two equal keys, and follows YAML 1.1, where `010` is 8, `1:30` is
90 and `1e-3` is text. This module rejects the first three, and reads `1e-3` as a number, as YAML
1.2 does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

EXPONENT = re.compile(r"[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+$")
"""A number that YAML 1.1 reads as text, because it has no decimal point."""

PLAIN_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9_]*)$")

_INT, _FLOAT, _MERGE = (f"tag:yaml.org,2002:{name}" for name in ("int", "float", "merge"))

# libyaml's loader is several times as fast, if PyYAML was built with it.
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]
    """A safe loader that reads numbers such as 1e-3."""


class _Dumper(yaml.SafeDumper):
    """A safe dumper that quotes text that looks like 1e-3."""


for _class in (_Loader, _Dumper):
    _class.add_implicit_resolver(_FLOAT, EXPONENT, list("-+0123456789"))


class YamlMistakes(Exception):
    """The YAML is ambiguous; the text of this error has one line per mistake."""


def parse_yaml(text: str) -> Any:
    """Return the content of a YAML document.

    Raises:
        yaml.YAMLError: The text is not one YAML document.
        YamlMistakes: A mapping has a key twice, or a number is not a plain decimal number.
    """
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        if mistakes := list(_mistakes(node, "", set())):
            raise YamlMistakes("\n".join(mistakes))
        return loader.construct_document(node)
    finally:
        loader.dispose()


def dump_yaml(content: Any) -> str:
    """Write content as YAML that `parse_yaml` reads back as the same content."""
    return yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True)


def _mistakes(node: yaml.Node, path: str, seen: set[int]) -> Iterator[str]:
    """Yield the mistakes in a node and its children; an alias is checked once."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        yield from _repeated_keys(node, path)
        for key, value in node.value:
            yield from _mistakes(key, path, seen)
            yield from _mistakes(value, _below(path, _text(key)), seen)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _mistakes(value, _below(path, str(index)), seen)
    elif isinstance(node, yaml.ScalarNode) and _is_odd_number(node):
        yield (
            f"{path or _text(node)}: {node.value} in line {_line(node)} is read as another number "
            "than it looks like (octal, hexadecimal, binary or base 60): write the decimal number, "
            f'or "{node.value}" in quotes for text'
        )


def _repeated_keys(node: yaml.MappingNode, path: str) -> Iterator[str]:
    first: dict[tuple[str, str], yaml.Node] = {}
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode) or key.tag == _MERGE:
            continue
        earlier = first.setdefault((key.tag, key.value), key)
        if earlier is not key:
            yield (
                f"{_below(path, _text(key))}: is there twice, in line {_line(earlier)} and in line "
                f"{_line(key)}: keep one of them"
            )


def _is_odd_number(node: yaml.ScalarNode) -> bool:
    if node.tag == _INT:
        return PLAIN_INTEGER.match(node.value) is None
    return bool(node.tag == _FLOAT and ":" in node.value)


def _text(node: yaml.Node) -> str:
    return str(node.value) if isinstance(node, yaml.ScalarNode) else "(a key that is no text)"


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
