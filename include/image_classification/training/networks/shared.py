"""Blocks that compute a symbol with the parameters of a network."""

from typing import Any

from include.image_classification.mxnet_import import mx


def shared_block(symbol: Any, data: str, network: Any) -> Any:
    """Return a hybridized block of a symbol that shares the network's parameters.

    Args:
        symbol: A symbol, whose parameters have the names of the network's.
        data: The name of its input.
        network: The network.
    """
    block = mx.gluon.SymbolBlock(
        symbol, mx.sym.var(data, dtype="float32"), params=network.collect_params()
    )
    block.hybridize(static_alloc=True, static_shape=True)
    return block
