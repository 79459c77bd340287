"""torchvision's ResNet, written with torch.nn alone: the same layers, names and strides."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from tests.include.image_classification.training.pretrained.weight_files import random_weights

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
UNITS = {18: (2, 2, 2, 2), 50: (3, 4, 6, 3)}


def convolution(in_channels: int, out_channels: int, kernel: int, stride: int) -> nn.Conv2d:
    return nn.Conv2d(in_channels, out_channels, kernel, stride, kernel // 2, bias=False)


class Block(nn.Module):  # type: ignore[misc, unused-ignore]
    """BasicBlock or, with `wide`, Bottleneck with its stride in the 3x3 convolution."""

    def __init__(self, in_channels: int, planes: int, stride: int, wide: bool) -> None:
        super().__init__()
        out_channels = planes * (4 if wide else 1)
        if wide:
            self.conv1 = convolution(in_channels, planes, 1, 1)
            self.conv2 = convolution(planes, planes, 3, stride)
            self.conv3 = convolution(planes, out_channels, 1, 1)
            self.bn3 = nn.BatchNorm2d(out_channels)
        else:
            self.conv1 = convolution(in_channels, planes, 3, stride)
            self.conv2 = convolution(planes, planes, 3, 1)
        self.bn1, self.bn2 = nn.BatchNorm2d(planes), nn.BatchNorm2d(planes)
        self.wide = wide
        self.downsample: nn.Module | None = None
        if stride != 1 or in_channels != out_channels:
            shortcut = convolution(in_channels, out_channels, 1, stride)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(out_channels))

    def forward(self, x: Any) -> Any:
        shortcut = x if self.downsample is None else self.downsample(x)
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        if self.wide:
            y = self.bn3(self.conv3(torch.relu(y)))
        return torch.relu(y + shortcut)


class ResNet(nn.Module):  # type: ignore[misc, unused-ignore]
    """A ResNet with this number of layers and classes."""

    def __init__(self, layers: int, classes: int) -> None:
        super().__init__()
        wide = layers >= 50
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        in_channels = 64
        for number, units in enumerate(UNITS[layers]):
            planes, blocks = 64 * 2**number, []
            for unit in range(units):
                stride = 2 if unit == 0 and number else 1
                blocks.append(Block(in_channels, planes, stride, wide))
                in_channels = planes * (4 if wide else 1)
            setattr(self, f"layer{number + 1}", nn.Sequential(*blocks))
        self.fc = nn.Linear(in_channels, classes)

    def forward(self, x: Any) -> Any:
        y = nn.functional.max_pool2d(torch.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        for number in range(1, 5):
            y = getattr(self, f"layer{number}")(y)
        return self.fc(y.mean((2, 3)))


def logits(layers: int, pixels: NDArray[np.float32], classes: int) -> NDArray[np.float32]:
    """Return the logits of a network with random weights, for pixels normalized as for ImageNet."""
    network = ResNet(layers, classes).eval()
    state = network.state_dict()
    trained = {n: tuple(v.shape) for n, v in state.items() if not n.endswith("tracked")}
    weights = random_weights(trained)
    state.update({name: torch.from_numpy(value) for name, value in weights.items()})
    network.load_state_dict(state)
    mean, std = (torch.tensor(values).reshape(3, 1, 1) for values in (MEAN, STD))
    with torch.no_grad():
        output = network((torch.from_numpy(pixels) / 255 - mean) / std)
    return np.asarray(output.numpy())
