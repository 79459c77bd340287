"""ReLU6 as one operator, in place of the three operators that train faster."""

import json
from typing import Any

from include.image_classification.mxnet_import import mx

SHAPE_OF_RELU6 = ("Activation", "_minimum_scalar", "SwapAxis")
"""The operators of `ReLU6`, from the last to the first."""


def fuse_relu6(symbol: Any) -> Any:
    """Return the symbol with an operator `clip` for each ReLU6.

    oneDNN computes `clip` as a part of the convolution before it, and other programs know it.

    Args:
        symbol: A symbol. Its other operators are not changed.
    """
    graph = json.loads(symbol.tojson())
    nodes = graph["nodes"]
    for node in nodes:
        chain = _chain(nodes, node)
        if tuple(part["op"] for part in chain) == SHAPE_OF_RELU6 and _is_relu6(*chain):
            limit = chain[1]["attrs"]["scalar"]
            attributes = {"a_min": "0", "a_max": limit}
            node.update(op="clip", attrs=attributes, inputs=chain[-1]["inputs"])
    return mx.sym.load_json(json.dumps(graph))


def _chain(nodes: list[dict[str, Any]], node: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a node, its first input, and the first input of that."""
    chain = [node]
    while len(chain) < len(SHAPE_OF_RELU6) and chain[-1]["inputs"]:
        chain.append(nodes[chain[-1]["inputs"][0][0]])
    return chain


def _is_relu6(last: dict[str, Any], _: dict[str, Any], first: dict[str, Any]) -> bool:
    axes = first["attrs"]
    return bool(last["attrs"]["act_type"] == "relu" and axes["dim1"] == axes["dim2"])
