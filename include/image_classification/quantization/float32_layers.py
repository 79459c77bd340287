"""Layers that stay float32 in an int8 network."""

from collections.abc import Iterator, Mapping
from typing import Any

SENSITIVE = ("efficientnet_lite0_conv_stem_", "efficientnet_lite0_blocks0_")
"""Prefixes of layers that cost accuracy in int8. With EfficientNet-Lite0's published weights, 128
pixels and 256 photos of cars, 91 % of the classes are those of float32 with these layers in int8,
and 93 % without; the network is as fast."""


def float32_layers(nodes: list[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the names of the layers that must not be quantized.

    Args:
        nodes: The nodes of a symbol's JSON form.
    """
    for node in nodes:
        if _is_global_pooling(node) or node["name"].startswith(SENSITIVE):
            yield node["name"]


def _is_global_pooling(node: Mapping[str, Any]) -> bool:
    # The int8 operator uses the kernel size that global pooling ignores, and fails if the kernel
    # (7 x 7) is larger than the input. In float32 the layer costs little.
    return node.get("attrs", {}).get("global_pool") in ("True", "1")
