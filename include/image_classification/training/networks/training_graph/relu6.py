"""ReLU6 after BatchNorm in the layout of oneDNN's convolutions.

MXNet computes `minimum` in its own layout: the activations and their gradients are converted before
and after each ReLU6, which takes a quarter of a training step of EfficientNet-Lite0. oneDNN's own
relu and convolution can do the same: min(y, 6) is 6 - relu(6 - y), and BatchNorm can return 6 - y
in place of y.
"""

from include.image_classification.model.relu6 import SHAPE_OF_RELU6
from include.image_classification.training.networks.training_graph.rewriting import (
    Entry,
    NewGraph,
    Node,
)

CHAIN = (*SHAPE_OF_RELU6, "BatchNorm")
"""The operators of a ReLU6 and the BatchNorm before it, from the last one."""

BLOCK = 16
"""Channels of a block in oneDNN's layouts with AVX-512. A convolution of input channels that are
not a multiple of it has blocks of 8."""


def keep_relu6_layout(node: Node, graph: NewGraph) -> Entry | None:
    """Replace a ReLU6 after BatchNorm. The output is the same but for rounding."""
    if tuple(_operators(node)) != CHAIN or node.attributes["act_type"] != "relu":
        return None
    limit = node.source.attributes["scalar"]
    swap = node.source.source
    norm = swap.source
    image, gamma, beta, *statistics = norm.entries
    below = graph.add(
        "BatchNorm",
        f"{norm.name}_below",
        image,
        graph.add("_mul_scalar", f"{norm.name}_minus_gamma", gamma, scalar=-1),
        graph.add("_rminus_scalar", f"{norm.name}_below_beta", beta, scalar=limit),
        *statistics,
        **norm.attributes,
    )
    if _has_small_blocks(norm.source):
        # The gradient would have blocks of 16 where BatchNorm's input has blocks of 8; oneDNN has
        # no fast BatchNorm for both. SwapAxis returns it in MXNet's layout.
        below = graph.add("SwapAxis", f"{norm.name}_plain", below, **swap.attributes)
    below = graph.add("Activation", f"{node.name}_below", below, act_type="relu")
    channels = node.shape[1]
    weight, bias = (
        graph.add("_full", f"{node.name}_{name}", shape=shape, value=value, dtype="float32")
        for name, shape, value in (
            ("minus", (channels, 1, 1, 1), -1),
            ("limit", (channels,), limit),
        )
    )
    bounded = graph.add(
        "Convolution", f"{node.name}_bounded", below, weight, bias,
        num_filter=channels, num_group=channels, kernel=(1, 1), no_bias=False,
    )  # fmt: skip
    return graph.add("Activation", node.name, bounded, act_type="relu")


def _operators(node: Node) -> list[str]:
    """Return the operators of a node, its first input, the first input of that, and so on."""
    found = [node.operator]
    while len(found) < len(CHAIN) and node.inputs:
        node = node.source
        found.append(node.operator)
    return found


def _has_small_blocks(convolution: Node) -> bool:
    if convolution.operator != "Convolution":
        return False
    is_pointwise = convolution.numbers("kernel", ()) == (1, 1)
    return is_pointwise and convolution.source.shape[1] % BLOCK != 0
