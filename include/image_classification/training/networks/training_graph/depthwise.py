"""Depthwise convolutions whose weights have a fast gradient in oneDNN.

oneDNN 2.4, which MXNet 1.9.1 contains, computes the weights' gradient of a depthwise convolution
fast for kernels of up to three columns (`jit_uni_dw_conv_bwd_weights_kernel::init_conf`). For a
wider kernel it multiplies matrices channel by channel: in EfficientNet-Lite0 that takes a third of
a training step.
"""

from include.image_classification.training.networks.training_graph.rewriting import (
    Entry,
    NewGraph,
    Node,
)

COLUMNS = 3
"""The widest kernel with a fast gradient."""


def split_wide_depthwise(node: Node, graph: NewGraph) -> Entry | None:
    """Replace a wide depthwise convolution by a sum of narrow ones.

    The output is the same but for rounding. The input of a narrow convolution is shifted by a
    depthwise convolution with weights 0 and 1, which keeps oneDNN's layout.
    """
    if not _is_wide_depthwise(node):
        return None
    image, weight = node.entries
    (rows, kernel), (_, stride) = node.numbers("kernel", ()), node.numbers("stride", (1, 1))
    row_pad, pad = node.numbers("pad", (0, 0))
    width, out_width = node.source.shape[3], node.shape[3]
    total: Entry | None = None
    for begin in range(_zero_columns(node.inputs[1]), kernel, COLUMNS):
        end = min(begin + COLUMNS, kernel)
        offset = begin - pad
        part_pad, part_image = 1, image
        if offset != -1 or (width + 2 - (end - begin)) // stride + 1 != out_width:
            needed = (out_width - 1) * stride + end - begin
            part_pad, part_image = 0, _shift(node, graph, begin, offset, needed)
        columns = graph.add(
            "slice_axis", f"{node.name}_weight{begin}", weight, axis=3, begin=begin, end=end
        )
        changes = {"kernel": (rows, end - begin), "pad": (row_pad, part_pad)}
        part = graph.add(
            "Convolution", f"{node.name}_part{begin}", part_image, columns,
            **{**node.attributes, **changes},
        )  # fmt: skip
        added = total and graph.add("elemwise_add", f"{node.name}_sum{begin}", total, part)
        total = added or part
    return total


def _shift(node: Node, graph: NewGraph, begin: int, offset: int, needed: int) -> Entry:
    """Add a view of `needed` columns, from column `offset`, with zeros beyond the image."""
    name, channels, width = f"{node.name}_columns{begin}", node.shape[1], node.source.shape[3]
    pad = 0
    while not 0 <= offset + pad <= width + 2 * pad - needed:
        pad += 1
    kernel = width + 2 * pad + 1 - needed
    column = graph.add(
        "_full", f"{name}_column", shape=(channels, 1, 1), value=offset + pad, dtype="float32"
    )
    weight = graph.add("one_hot", f"{name}_shift", column, depth=kernel, dtype="float32")
    return graph.add(
        "Convolution", name, node.entries[0], weight,
        num_filter=channels, num_group=channels, no_bias=True, kernel=(1, kernel), pad=(0, pad),
    )  # fmt: skip


def _is_wide_depthwise(node: Node) -> bool:
    return (
        node.operator == "Convolution"
        and node.attributes.get("num_group", "1") == node.attributes["num_filter"] != "1"
        and node.attributes.get("no_bias") == "True"
        and len(node.numbers("kernel", ())) == 2
        and node.numbers("kernel", ())[1] > COLUMNS
        and node.numbers("dilate", (1, 1)) == (1, 1)
    )


def _zero_columns(weight: Node) -> int:
    """Return the number of leading columns that are zero, if the weight is padded with zeros."""
    return weight.numbers("pad_width", ())[6] if weight.operator == "Pad" else 0
