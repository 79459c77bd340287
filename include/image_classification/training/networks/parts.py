"""The parts of a network that a fine-tuning trains: the head, or the last stages as well."""

import itertools
import re
from typing import Any, Literal

from include.image_classification.mxnet_import import mx
from include.image_classification.training.networks.efficientnet import STAGES

Part = Literal["head", "last_stages"]

RESNET_STAGE = re.compile(r"(?:resnet_)?stage(\d+)_")
LAST_NORM = "bn1_"
"""The last BatchNorm of MXNet's ResNets, after their last stage."""

EFFICIENTNET_STAGES = re.compile(r"efficientnet_lite0_(?:blocks1[1-5]|conv_head|bn1)_")
"""EfficientNet-Lite0's stages with a 32nd of the image's resolution."""

EFFICIENTNET_BLOCK = re.compile(r"efficientnet_lite0_blocks(\d+)_")
STEM = re.compile(
    r"(?:resnet_)?(?:bn_data|conv0|bn0|batchnorm0)_|efficientnet_lite0_(?:conv_stem|bn0)_"
)
"""The layers before the first stage of ResNets and of EfficientNet-Lite0."""


def later_parameters(network: Any, frozen_stages: int) -> set[str]:
    """Return the names of all parameters but those of the first stages.

    The last layer is always among them.

    Args:
        network: A network from `make_network`.
        frozen_stages: The number of first stages, of which the stem is one.
    """
    stages = stage_numbers(network)
    later = {name for name, stage in stages.items() if stage > frozen_stages}
    return later | part_parameters(network, "head")


def stage_numbers(network: Any) -> dict[str, int]:
    """Return the stage of each parameter by name, from 1 for the stem.

    What follows the last stage, as the last layer, has the last stage's number. A network without
    stages is a single one.

    Args:
        network: A network from `make_network`.
    """
    parameters = network.collect_params()
    numbers = {name: _stage_number(name) for name in parameters}
    last = max((number for number in numbers.values() if number), default=1)
    return {
        # The constants that normalize the image come before the stem.
        name: 1 if isinstance(parameters[name], mx.gluon.Constant) else number or last
        for name, number in numbers.items()
    }


def _stage_number(name: str) -> int | None:
    """Return the stage of a parameter, from 1 for the stem; None after the stages."""
    if STEM.match(name):
        return 1
    if match := EFFICIENTNET_BLOCK.match(name):
        last_blocks = itertools.accumulate(stage.blocks for stage in STAGES)
        return 2 + sum(int(match[1]) >= last for last in last_blocks)
    if match := RESNET_STAGE.match(name):
        return 1 + int(match[1])
    return None


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
