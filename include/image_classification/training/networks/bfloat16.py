"""Computing a network in bfloat16 where that is faster, beside its own float32."""

import json
from typing import Any

from include.image_classification.mxnet_import import mx


def in_bfloat16(network: Any) -> Any:
    """Return a block that computes the network with its own parameters, which stay float32.

    Convolutions and what follows them are bfloat16, but for the first: with the three channels of
    an image MXNet has no fast bfloat16 convolution, and its answer would slow what follows it. The
    network itself is not changed, nor is the process, as it would be by `amp.init`.
    """
    from mxnet.contrib import amp

    symbol = network(mx.sym.var("data", dtype="float32"))
    converted = amp.convert_symbol(
        symbol,
        target_dtype="bfloat16",
        excluded_sym_names=[_first_convolution(symbol)],
        data_names=["data"],
    )
    block = mx.gluon.SymbolBlock(
        converted, mx.sym.var("data", dtype="float32"), params=network.collect_params()
    )
    block.hybridize(static_alloc=True, static_shape=True)
    return block


def _first_convolution(symbol: Any) -> str:
    nodes = json.loads(symbol.tojson())["nodes"]
    return next(str(node["name"]) for node in nodes if node["op"] == "Convolution")
