"""The block that computes a network in training."""

from typing import Any

from include.image_classification.training.networks.shared import shared_block
from include.image_classification.training.networks.training_graph.depthwise import (
    split_wide_depthwise,
)
from include.image_classification.training.networks.training_graph.relu6 import (
    keep_relu6_layout,
)
from include.image_classification.training.networks.training_graph.rewriting import rewrite


def training_block(symbol: Any, data: str, shape: tuple[int, ...], network: Any) -> Any:
    """Return a hybridized block of a symbol, rewritten for fast training.

    Args:
        symbol: A symbol of the network, or of its last layers.
        data: The name of the symbol's input.
        shape: The input's shape, with any number of rows.
        network: The network, whose parameters the block shares.
    """
    rewritten = rewrite(symbol, {data: shape}, split_wide_depthwise, keep_relu6_layout)
    return shared_block(rewritten, data, network)
