"""Copy a symbol's graph, with other operators in place of some."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from include.image_classification.mxnet_import import mx

Entry = list[int]
"""A reference to an output of a node: (index of the node, number of the output, version)."""

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Node:
    """An operator or a variable of the copied graph.

    Attributes:
        operator: The operator's name in MXNet; `null` for a variable.
        name: The node's name.
        attributes: The operator's attributes in MXNet's text form; defaults may be missing.
        inputs: The nodes whose outputs it reads. They are in the original graph.
        entries: The same inputs in the new graph.
        shape: The shape of its first output.
    """

    operator: str
    name: str
    attributes: Mapping[str, str]
    inputs: tuple["Node", ...]
    entries: list[Entry]
    shape: Shape

    @property
    def source(self) -> "Node":
        """The first input."""
        return self.inputs[0]

    def numbers(self, attribute: str, default: tuple[int, ...]) -> tuple[int, ...]:
        """Return an attribute that is a list of integers; MXNet leaves defaults out."""
        text = self.attributes.get(attribute, "").strip("()")
        return tuple(int(number) for number in text.split(",") if number.strip()) or default


class NewGraph:
    """The nodes of the new graph, each after its inputs."""

    def __init__(self) -> None:
        self.nodes: list[dict[str, Any]] = []

    def add(self, operator: str, name: str, *inputs: Entry, **attributes: object) -> Entry:
        """Add an operator, and return its first output."""
        texts = {key: str(value) for key, value in attributes.items()}
        return self.append({"op": operator, "name": name, "attrs": texts, "inputs": list(inputs)})

    def append(self, node: dict[str, Any]) -> Entry:
        """Add a node in MXNet's JSON form, and return its first output."""
        self.nodes.append(node)
        return [len(self.nodes) - 1, 0, 0]


Replace = Callable[[Node, NewGraph], Entry | None]
"""Adds what replaces a node, and returns its first output; or returns None to copy the node."""


def rewrite(symbol: Any, shapes: Mapping[str, Shape], *replacements: Replace) -> Any:
    """Return a copy of a symbol.

    Args:
        symbol: A symbol. The copy has its parameters.
        shapes: The shapes of the symbol's inputs, by name.
        replacements: What replaces its operators of one output. They are called for each node,
            after the nodes that this reads, until one replaces it.
    """
    graph = json.loads(symbol.tojson())
    found = _shapes(symbol, shapes)
    new, nodes, places = NewGraph(), list[Node](), list[int]()

    def copied(entry: Entry) -> Entry:
        return [places[entry[0]], *entry[1:]]

    for old in graph["nodes"]:
        node = Node(
            old["op"],
            old["name"],
            old.get("attrs", {}),
            tuple(nodes[index] for index, *_ in old["inputs"]),
            [copied(entry) for entry in old["inputs"]],
            found.get(old["name"], ()),
        )
        nodes.append(node)
        replaced = next(filter(None, (replace(node, new) for replace in replacements)), None)
        output = replaced or new.append({**old, "inputs": node.entries})
        places.append(output[0])
    graph["nodes"], graph["heads"] = new.nodes, [copied(head) for head in graph["heads"]]
    graph["arg_nodes"] = [i for i, node in enumerate(new.nodes) if node["op"] == "null"]
    del graph["node_row_ptr"]
    return mx.sym.load_json(json.dumps(graph))


def _shapes(symbol: Any, shapes: Mapping[str, Shape]) -> dict[str, Shape]:
    """Return the shapes of variables and of the operators' first outputs, by the node's name."""
    outputs = symbol.get_internals()
    _, inferred, _ = outputs.infer_shape(**shapes)
    named = zip(outputs.list_outputs(), inferred, strict=True)
    return {name.removesuffix("_output").removesuffix("_output0"): shape for name, shape in named}
