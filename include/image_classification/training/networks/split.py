"""Split a network's symbol into a frozen part and the rest."""

import json
from collections.abc import Collection
from typing import Any

from include.image_classification.mxnet_import import mx

INPUT, FEATURES = "data", "features"
"""The inputs of the frozen part and of the rest."""

RANDOM = "Dropout"


def split_symbol(symbol: Any, trained: Collection[str]) -> tuple[Any, Any]:
    """Return the symbol of the frozen layers, and the symbol from their output to the logits.

    The frozen part has every layer before the first trained one, but no dropout. Its input is
    `data`, and that of the rest is `features`.

    Args:
        symbol: The network from `data` to logits.
        trained: The names of the parameters that will be trained.

    Raises:
        ValueError: No layer is frozen, or the trained layers have several inputs.
    """
    graph = json.loads(symbol.tojson())
    nodes = graph["nodes"]
    is_trained = [node["name"] in trained for node in nodes]
    inputs: set[int] = set()
    for index, node in enumerate(nodes):
        sources = [source for source, *_ in node["inputs"]]
        is_trained[index] |= node["op"] == RANDOM or any(is_trained[source] for source in sources)
        if is_trained[index]:
            inputs |= {source for source in sources if _is_output(nodes[source])}
    borders = [index for index in sorted(inputs) if not is_trained[index]]
    if len(borders) != 1 or nodes[borders[0]]["op"] == "null":
        raise ValueError("no single layer separates the frozen layers from the trained ones")
    (border,) = borders
    frozen = symbol.get_internals()[f"{nodes[border]['name']}_output"]
    nodes[border] = {"op": "null", "name": FEATURES, "inputs": []}
    graph["arg_nodes"] = [index for index, node in enumerate(nodes) if node["op"] == "null"]
    return frozen, mx.sym.load_json(json.dumps(graph))


def _is_output(node: dict[str, Any]) -> bool:
    """Return whether a node is the image or computed from it, and not a parameter."""
    return bool(node["op"] != "null" or node["name"] == INPUT)
