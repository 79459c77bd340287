"""Weights in files of the layouts that published ones have."""

import json
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from include.image_classification.training.pretrained.torchvision_names import torchvision_names

NAMES = {"float32": "F32", "int64": "I64", "float16": "F16", "uint16": "BF16"}


def write_safetensors(path: Path, tensors: Mapping[str, NDArray[Any]]) -> Path:
    """Write tensors as the format's specification says; uint16 stands for bfloat16."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    at = 0
    for name, value in tensors.items():
        header[name] = {
            "dtype": NAMES[value.dtype.name],
            "shape": list(value.shape),
            "data_offsets": [at, at + value.nbytes],
        }
        at += value.nbytes
    text = json.dumps(header).encode()
    content = b"".join(np.ascontiguousarray(value).tobytes() for value in tensors.values())
    path.write_bytes(struct.pack("<Q", len(text)) + text + content)
    return path


def published(network: Any, seed: int = 0) -> dict[str, NDArray[Any]]:
    """Random weights for a network of torchvision's family, as torchvision would publish them."""
    random = np.random.default_rng(seed)
    parameters = network.collect_params()
    weights: dict[str, NDArray[Any]] = {
        theirs: random.uniform(0.1, 1, parameters[ours].shape).astype(np.float32)
        for ours, theirs in torchvision_names(network).items()
    }
    weights["fc.weight"] = np.zeros((1000, weights["fc.weight"].shape[1]), np.float32)
    weights["fc.bias"] = np.zeros(1000, np.float32)
    return weights | {"bn1.num_batches_tracked": np.array(3, np.int64)}


def random_weights(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, NDArray[Any]]:
    """Weights for torchvision's names: each as random as its name, none like another.

    Those of normalisation are not what they are at first, so that none could be swapped unseen.
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
