"""The networks that the container image trains."""

from typing import Literal

Network = Literal["torchvision", "mxnet", "efficientnet_lite0"]

FineTune = Literal["all", "last_stages", "head"]
"""The layers of a network that a training changes."""

MAX_FROZEN_STAGES = 4
"""The largest number of first stages that keep their weights. Of a ResNet for thumbnails, which has
no stage more, the last layer remains."""

RESNETS = ("torchvision", "mxnet")
"""The families of ResNets, of which the hyperparameter num_layers is the depth."""

PRETRAINED_DEPTHS = (18, 34, 50, 101, 152, 200)
"""Depths of the ResNets with published weights; those for thumbnails were never published."""

SMALLEST_SIDES = {"torchvision": 8, "mxnet": 8, "efficientnet_lite0": 32}
"""The smallest height and width that a network takes, in pixels. EfficientNet-Lite0 halves the
resolution five times: of a smaller image, its last layers see less than one pixel."""

SMALL_SIDE = 32
"""Up to this many pixels, the first layer of a ResNet for photos does not reduce the resolution."""
