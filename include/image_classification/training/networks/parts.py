"""The parts of a network that a fine-tuning trains: the head, or the last stages as well."""

import re
from typing import Any, Literal

Part = Literal["head", "last_stages"]

RESNET_STAGE = re.compile(r"(?:resnet_)?stage(\d+)_")
LAST_NORM = "bn1_"
"""The last BatchNorm of MXNet's ResNets, after their last stage."""

EFFICIENTNET_STAGES = re.compile(r"efficientnet_lite0_(?:blocks1[1-5]|conv_head|bn1)_")
"""EfficientNet-Lite0's stages with a 32nd of the image's resolution."""


def part_parameters(network: Any, part: Part) -> set[str]:
    """Return the names of all parameters of a part, BatchNorm's statistics among them.

    Args:
        network: A network from `make_network`.
        part: `head` is the last layer. `last_stages` adds the layers of the lowest resolution: a
            ResNet's last stage, or EfficientNet-Lite0's last two stages and its last convolution.
    """
    parameters = network.collect_params()
    head = {name for name, value in parameters.items() if len(value.shape) == 2}
    head |= {name.removesuffix("weight") + "bias" for name in head}
    if part == "head":
        return head
    stages = {name: int(match[1]) for name in parameters if (match := RESNET_STAGE.match(name))}
    last = max(stages.values(), default=0)
    in_stages = {
        name
        for name in parameters
        if stages.get(name) == last or name.startswith(LAST_NORM) or EFFICIENTNET_STAGES.match(name)
    }
    return head | in_stages
