"""The last layer of a network, whose weights scale the logits."""

import json
from typing import Any

DENSE = "FullyConnected"
UNCHANGED = frozenset({"Cast", "amp_cast", "_copy", "Flatten", "Reshape"})
"""Operators that return their input's values, possibly in another type or shape."""


def last_layer(symbol: Any) -> tuple[str, ...]:
    """Return the names of weight and bias (if any) of the dense layer that computes the logits.

    Dividing these parameters by a number divides the logits by it.

    Args:
        symbol: A symbol whose output operator, such as SoftmaxOutput, takes the logits first.

    Raises:
        ValueError: The logits are not the output of a dense layer.
    """
    graph = json.loads(symbol.tojson())
    nodes = graph["nodes"]
    node = _first_input(nodes, nodes[graph["heads"][0][0]])
    while node["op"] in UNCHANGED:
        node = _first_input(nodes, node)
    if node["op"] != DENSE:
        raise ValueError(f"the logits are the output of {node['op']} {node['name']}, not {DENSE}")
    return tuple(nodes[number]["name"] for number, *_ in node["inputs"][1:])


def _first_input(nodes: list[dict[str, Any]], node: dict[str, Any]) -> dict[str, Any]:
    first: dict[str, Any] = nodes[node["inputs"][0][0]]
    return first
