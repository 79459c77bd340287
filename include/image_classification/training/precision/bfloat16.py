"""Compute a network in bfloat16 with its float32 parameters."""

import json
from typing import Any

from include.image_classification.mxnet_import import mx
from include.image_classification.training.networks.shared import shared_block


def to_bfloat16(network: Any) -> Any:
    """Return a block that computes the network in bfloat16 and shares its float32 parameters.

    The first convolution stays float32: MXNet has no fast bfloat16 convolution for three channels,
    and its output would slow the following layers. Unlike `amp.init`, this changes neither the
    network nor the process.
    """
    from mxnet.contrib import amp

    symbol = network(mx.sym.var("data", dtype="float32"))
    converted = amp.convert_symbol(
        symbol,
        target_dtype="bfloat16",
        excluded_sym_names=[_first_convolution(symbol)],
        data_names=["data"],
    )
    return shared_block(converted, "data", network)


def _first_convolution(symbol: Any) -> str:
    nodes = json.loads(symbol.tojson())["nodes"]
    return next(str(node["name"]) for node in nodes if node["op"] == "Convolution")
