"""Rewrite depthwise convolutions so that oneDNN has a fast gradient for their weights.

oneDNN 2.4, which MXNet 1.9.1 contains, computes the weights' gradient of a depthwise convolution
fast for kernels of up to three columns (`jit_uni_dw_conv_bwd_weights_kernel::init_conf`). For a
wider kernel it multiplies matrices channel by channel: in EfficientNet-Lite0 that takes a third of
a training step.
"""

import json
from collections.abc import Mapping
from typing import Any

from include.image_classification.mxnet_import import mx

COLUMNS = 3
"""The widest kernel with a fast gradient."""

Node = dict[str, Any]
Shape = tuple[int, ...]


def split_wide_depthwise(symbol: Any, shapes: Mapping[str, Shape]) -> Any:
    """Return the symbol with each wide depthwise convolution as a sum of narrow ones.

    The output is the same but for rounding. The input of a narrow convolution is shifted by a
    depthwise convolution with weights 0 and 1, which keeps oneDNN's layout.

    Args:
        symbol: A network. Its other operators and its parameters are not changed.
        shapes: The shapes of the symbol's inputs, by name.
    """
    outputs = symbol.get_internals()
    _, inferred, _ = outputs.infer_shape(**shapes)
    widths = {
        name: shape[3]
        for name, shape in zip(outputs.list_outputs(), inferred, strict=True)
        if len(shape) == 4
    }
    graph = json.loads(symbol.tojson())
    rewritten = _Rewriter(graph["nodes"], widths)
    graph["nodes"] = rewritten.nodes
    graph["heads"] = [rewritten.entry(head) for head in graph["heads"]]
    graph["arg_nodes"] = [i for i, node in enumerate(rewritten.nodes) if node["op"] == "null"]
    del graph["node_row_ptr"]
    return mx.sym.load_json(json.dumps(graph))


class _Rewriter:
    """Copies the nodes of a graph in their order, with new nodes in place of some."""

    def __init__(self, nodes: list[Node], widths: Mapping[str, int]) -> None:
        self.nodes: list[Node] = []
        self._places: list[int] = []
        for node in nodes:
            copy = {**node, "inputs": [self.entry(source) for source in node["inputs"]]}
            if node["op"] == "Convolution" and _is_wide_depthwise(node["attrs"]):
                self._places.append(self._split(copy, nodes, node, widths))
            else:
                self._places.append(self._add(copy))

    def entry(self, entry: list[int]) -> list[int]:
        """Return a reference to an output, (node, output, version), in the new graph."""
        return [self._places[entry[0]], *entry[1:]]

    def _add(self, node: Node) -> int:
        self.nodes.append(node)
        return len(self.nodes) - 1

    def _split(self, copy: Node, nodes: list[Node], node: Node, widths: Mapping[str, int]) -> int:
        """Add a sum of narrow convolutions, and return its index."""
        image, weight = copy["inputs"]
        source, padded = nodes[node["inputs"][0][0]], nodes[node["inputs"][1][0]]
        name, attributes = node["name"], node["attrs"]
        width = widths[source["name"] if source["op"] == "null" else f"{source['name']}_output"]
        (rows, kernel), (_, stride) = _pair(attributes, "kernel"), _pair(attributes, "stride")
        _, pad = _pair(attributes, "pad")
        out_width = widths[f"{name}_output"]
        total: int | None = None
        for begin in range(_zero_columns(padded), kernel, COLUMNS):
            end = min(begin + COLUMNS, kernel)
            offset = begin - pad
            part_pad, part_image = 1, image
            if offset != -1 or (width + 2 - (end - begin)) // stride + 1 != out_width:
                needed = (out_width - 1) * stride + end - begin
                label = f"{name}_columns{begin}"
                part_pad, part_image = (
                    0,
                    self._shift(label, image, attributes, offset, width, needed),
                )
            columns = self._add(
                {
                    "op": "slice_axis",
                    "name": f"{name}_weight{begin}",
                    "attrs": {"axis": "3", "begin": str(begin), "end": str(end)},
                    "inputs": [weight],
                }
            )
            part = self._add(
                {
                    "op": "Convolution",
                    "name": f"{name}_part{begin}",
                    "attrs": {
                        **attributes,
                        "kernel": f"({rows}, {end - begin})",
                        "pad": f"({_pair(attributes, 'pad')[0]}, {part_pad})",
                    },
                    "inputs": [part_image, [columns, 0, 0]],
                }
            )
            total = part if total is None else self._sum(f"{name}_sum{begin}", total, part)
        assert total is not None
        return total

    def _shift(
        self,
        name: str,
        image: list[int],
        attributes: Mapping[str, str],
        offset: int,
        width: int,
        needed: int,
    ) -> list[int]:
        """Add a view of `needed` columns, from column `offset`, with zeros beyond the image."""
        pad = 0
        while not 0 <= offset + pad <= width + 2 * pad - needed:
            pad += 1
        kernel, channels = width + 2 * pad + 1 - needed, attributes["num_filter"]
        column = self._add(
            {
                "op": "_full",
                "name": f"{name}_column",
                "attrs": {
                    "shape": f"({channels}, 1, 1)",
                    "value": str(offset + pad),
                    "dtype": "float32",
                },
                "inputs": [],
            }
        )
        weight = self._add(
            {
                "op": "one_hot",
                "name": f"{name}_shift",
                "attrs": {"depth": str(kernel), "dtype": "float32"},
                "inputs": [[column, 0, 0]],
            }
        )
        shifted = self._add(
            {
                "op": "Convolution",
                "name": name,
                "attrs": {
                    "num_filter": channels,
                    "num_group": channels,
                    "no_bias": "True",
                    "kernel": f"(1, {kernel})",
                    "pad": f"(0, {pad})",
                    "stride": "(1, 1)",
                },
                "inputs": [image, [weight, 0, 0]],
            }
        )
        return [shifted, 0, 0]

    def _sum(self, name: str, first: int, second: int) -> int:
        inputs = [[first, 0, 0], [second, 0, 0]]
        return self._add({"op": "elemwise_add", "name": name, "inputs": inputs})


def _is_wide_depthwise(attributes: Mapping[str, str]) -> bool:
    return (
        attributes.get("num_group", "1") == attributes["num_filter"] != "1"
        and attributes.get("no_bias") == "True"
        and len(_numbers(attributes["kernel"])) == 2
        and _pair(attributes, "kernel")[1] > COLUMNS
        and _pair(attributes, "dilate") == (1, 1)
    )


def _zero_columns(weight: Node) -> int:
    """Return the number of leading columns that are zero, if the weight is padded with zeros."""
    return _numbers(weight["attrs"]["pad_width"])[6] if weight["op"] == "Pad" else 0


def _pair(attributes: Mapping[str, str], name: str) -> tuple[int, int]:
    """Return rows and columns of an attribute; MXNet leaves defaults out."""
    default = "(0, 0)" if name == "pad" else "(1, 1)"
    rows, columns = _numbers(attributes.get(name) or default)
    return rows, columns


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in text.strip("()").split(",") if number.strip())
