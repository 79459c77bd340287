"""EfficientNet-Lite0's parameter names in the published PyTorch checkpoint."""

import re
from typing import Any

from include.image_classification.training.networks.efficientnet import PREFIX

PARTS = {
    "weight": "weight",
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
    "running_mean": "running_mean",
    "running_var": "running_var",
}
"""Gluon's names of a layer's parameters, and PyTorch's."""

NAME = re.compile(rf"{PREFIX}(?:blocks(\d+)_)?(\w+)_({'|'.join(PARTS)})")


def efficientnet_names(network: Any) -> dict[str, str]:
    """Return a mapping from the network's parameter names to the published names."""
    matches = {name: NAME.fullmatch(name) for name in network.collect_params()}
    return {name: _published(*match.groups()) for name, match in matches.items() if match}


def _published(block: str | None, layer: str, part: str) -> str:
    prefix = "" if block is None else f"_blocks.{block}."
    return f"{prefix}_{layer}.{PARTS[part]}"
