"""The same weights give the same logits in MXNet and in PyTorch."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from include.image_classification.mxnet_import import mx
from include.image_classification.training.networks.network import make_network
from include.image_classification.training.pretrained.copy_weights import copy_weights
from include.image_classification.training.pretrained.reading import read_weights
from include.image_classification.training.pretrained.torchvision_names import torchvision_names
from tests.include.image_classification.training.pretrained.weight_files import (
    random_weights,
    write_safetensors,
)

SHAPE, CLASSES = (3, 96, 80), 5
PYTORCH_LOGITS: dict[int, list[list[float]]] = {
    18: [
        [47.61213, 65.53008, -91.37358, -0.5041982, -3.238306],
        [51.15472, 62.93751, -93.80061, -0.6628476, -1.379665],
    ],
    50: [
        [-13766.88, -10497.76, 35724.85, 21938.85, -2926.17],
        [-14554.52, -9864.669, 36168.49, 22440.57, -3396.704],
    ],
}
"""The logits of PyTorch 2.13.0, from torchvision_resnet.py; the last test computes them again."""


def pixels() -> NDArray[np.float32]:
    return np.random.default_rng(1).integers(0, 256, (2, *SHAPE)).astype(np.float32)


def logits(layers: int, folder: Path) -> NDArray[np.float32]:
    """Return MXNet's logits for the same weights, read from a file like torchvision's."""
    network = make_network(layers, CLASSES, SHAPE)
    parameters = network.collect_params()
    names = torchvision_names(network)
    weights: dict[str, Any] = random_weights(
        {
            torchvision_name: tuple(parameters[name].shape)
            for name, torchvision_name in names.items()
        }
    )
    weights["bn1.num_batches_tracked"] = np.array(0, np.int64)
    file = write_safetensors(folder / "resnet.safetensors", weights)
    copy_weights(network, read_weights(file), file.name, last_layer=True)
    return np.asarray(network(mx.nd.array(pixels())).asnumpy())


def is_close(found: NDArray[np.float32], expected: NDArray[np.float32]) -> bool:
    return bool(np.abs(found - expected).max() <= 1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("layers", PYTORCH_LOGITS)
def test_the_logits_are_those_of_pytorch(tmp_path: Path, layers: int) -> None:
    """This covers layers, their order, strides, and torchvision's ImageNet normalization."""
    assert is_close(logits(layers, tmp_path), np.array(PYTORCH_LOGITS[layers], np.float32))


@pytest.mark.parametrize("layers", PYTORCH_LOGITS)
def test_the_recorded_logits_are_those_of_pytorch(layers: int) -> None:
    pytest.importorskip("torch", reason="PyTorch is a test extra: pip install torch==2.13.0")
    from tests.include.image_classification.training.pretrained import torchvision_resnet

    computed = torchvision_resnet.logits(layers, pixels(), CLASSES)
    assert is_close(computed, np.array(PYTORCH_LOGITS[layers], np.float32))
