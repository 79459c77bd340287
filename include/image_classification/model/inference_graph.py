"""Rewrite a model's symbol for fast inference, with the same output."""

import json
from collections.abc import Mapping
from typing import Any

from include.image_classification.mxnet_import import mx


def inference_graph(symbol: Any, arguments: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Return a symbol that oneDNN computes faster, and its arguments.

    Weights that the symbol pads (see `SameConvolution`) become padded parameters. With a computed
    weight, oneDNN prepares the layer anew for every batch: EfficientNet-Lite0 takes 12 ms for one
    photo of 128 pixels, and 4 ms with parameters. Quantization takes no other weights.

    Args:
        symbol: A symbol. Its other operators are not changed.
        arguments: The parameters of the symbol by name.
    """
    graph = json.loads(symbol.tojson())
    nodes = graph["nodes"]
    values = dict(arguments)
    for node in nodes:
        source = nodes[node["inputs"][0][0]]["name"] if node["op"] == "Pad" else ""
        if source in arguments:
            values[node["name"]] = _pad(arguments[source], node.pop("attrs"))
            node.update(op="null", inputs=[])
    graph["arg_nodes"] = [index for index, node in enumerate(nodes) if node["op"] == "null"]
    return mx.sym.load_json(json.dumps(graph)), values


def _pad(array: Any, attributes: Mapping[str, str]) -> Any:
    width = tuple(map(int, attributes["pad_width"].strip("()").split(",")))
    value = float(attributes.get("constant_value", 0))
    return mx.nd.pad(array, mode=attributes["mode"], pad_width=width, constant_value=value)
